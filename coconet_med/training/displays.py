"""Generated slices that look as MRI, CT, PET and SPECT of a head are displayed: tissue numbers in, gray levels out.

What is drawn per picture are the things by which displays differ from one hospital to the next: sequence and coil of
the MRI, window of the CT, tracer, resolution, counts, field of view and gray steps of the PET and SPECT, and lesions
that MRI and CT (or PET) show by opposite signs.  All pictures are (size, size) of pixels of about 1 mm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from coconet_med.training.anatomies import TISSUES
from coconet_med.training.draws import chance, cloud, half_plane, log_uniform, noisy, uniform
from coconet_med.training.tissue_levels import CONTRASTS, LIKE, TRACERS, levels, painted
from coconet_med.training.weights import blur

#: CT numbers in HU.
_HOUNSFIELD = {"air": -1000.0, "csf": 8.0, "cortex": 37.0, "white_matter": 30.0, "bone": 1100.0, "marrow": 550.0,
               "skin": 10.0, "soft_tissue": 35.0, "other": 20.0, "vessel": 45.0}  # fmt: skip
_FAT = -95.0

#: Fat and muscle, which the label maps do not tell apart, in the sequences of the MRI.
_FATTY = {"t1": 0.95, "t2": 0.7, "pd": 0.75, "flair": 0.65}
_MUSCLE = {"t1": 0.38, "t2": 0.18, "pd": 0.4, "flair": 0.28}
_BRAIN = [TISSUES.index(name) for name in (*LIKE, "cortex", "white_matter")]
_SOFT = [TISSUES.index(name) for name in ("skin", "soft_tissue")]
_BONE = [TISSUES.index(name) for name in ("bone", "marrow")]
_AROUND_BONE = [TISSUES.index(name) for name in ("skin", "soft_tissue", "csf")]
_OUTSIDE = [TISSUES.index(name) for name in ("skin", "soft_tissue", "bone", "marrow", "other")]

#: How often each sequence is drawn beside which other modality, and none that the field knows the rest of the time.
_SEQUENCES = {
    "ct": {"t2": 0.55, "pd": 0.1, "t1": 0.2, "flair": 0.1},
    "spect": {"t2": 0.45, "pd": 0.25, "t1": 0.2, "flair": 0.05},
    "pet": {"t2": 0.15, "pd": 0.05, "t1": 0.65, "flair": 0.1},
}


@dataclass(frozen=True)
class _Head:
    """What both pictures of a pair show: tissues, how much of each pixel is a large lesion, and where there is fat."""

    tissue: torch.Tensor
    lesion: torch.Tensor
    fat: torch.Tensor


def displayed(kind: str, tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """A pair (2, size, size) in [0, 1] of one kind: an MRI beside ``"ct"``, ``"pet"`` or ``"spect"``, or a CT as
    anatomy beside the uptake: ``"pet on ct"`` or ``"spect on ct"``.

    Args:
        kind: what both channels show.
        tissue: (size, size) numbers of :data:`~coconet_med.training.anatomies.TISSUES`.
        g: what decides.
    """
    with_ct, function = kind.endswith("ct"), kind.split()[0]
    if with_ct:
        tissue = _thick_skull(tissue, g)
    lesion = _large_lesion(tissue, g) if chance(0.4, g) else torch.zeros(tissue.shape)
    head = _Head(tissue, lesion, _fat(tissue, g, least=-2.5 if with_ct else -1.5))
    anatomy = _mri(head, kind, g) if kind == function else _ct(head, g)
    return torch.stack([anatomy, _FUNCTIONS[function](_apart(head, g), g)]).clamp(0, 1)


def _apart(head: _Head, g: torch.Generator) -> _Head:
    """The head as the other device saw it: registered pairs lie up to some millimeters beside each other."""
    size = head.tissue.shape[-1]
    moved = uniform(0, 1.0, g) * torch.randn(2, generator=g)
    bend = torch.stack([cloud(size, 30, g), cloud(size, 30, g)], dim=-1) * uniform(0, 1.5, g)
    still = torch.eye(2, 3)[None]
    grid = F.affine_grid(still, [1, 1, size, size], align_corners=False) + 2 / size * (moved + bend)
    held = torch.stack([head.tissue.float(), head.fat.float(), head.lesion])[None]
    tissue, fat, _ = F.grid_sample(held, grid, mode="nearest", align_corners=False)[0]
    lesion = F.grid_sample(held[:, 2:], grid, align_corners=False)[0, 0]
    return _Head(tissue.long(), lesion, fat > 0)


def _thick_skull(tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """A skull as thick as CT shows it; in label maps that follow an MRI, where bone gives no signal, it is thin.

    Below the vertex slices cut it at a slant: it is up to some centimeters wide there, with marrow within.
    """
    bone = torch.isin(tissue, torch.tensor(_BONE))
    grown = _grown(bone, int(torch.randint(5, (1,), generator=g)))
    tissue = torch.where(grown & torch.isin(tissue, torch.tensor(_AROUND_BONE)), _BONE[0], tissue)
    if chance(0.3, g) and bone.sum() < 0.3 * (tissue > 0).sum():  # where there is a brain, not at the base of the skull
        wide = _grown(bone, int(torch.randint(4, 15, (1,), generator=g))) & (tissue > 0)
        tissue = torch.where(wide, _BONE[0], tissue)
        rim = 1 + int(torch.randint(4, (1,), generator=g))
        tissue = torch.where(~_grown(~wide, rim), _BONE[1], tissue) if chance(0.7, g) else tissue
    return tissue


def _grown(mask: torch.Tensor, reach: int) -> torch.Tensor:
    """A mask (size, size) and all that lies within an octagon of ``reach`` pixels around it."""
    grown = mask[None].float()
    for n in range(reach):
        if n % 2:
            grown = F.max_pool2d(grown, 3, stride=1, padding=1)
        else:
            rows, columns = (F.max_pool2d(grown, k, stride=1, padding=(k[0] // 2, k[1] // 2)) for k in ((3, 1), (1, 3)))
            grown = torch.maximum(rows, columns)
    return grown[0] > 0


def _fat(tissue: torch.Tensor, g: torch.Generator, *, least: float) -> torch.Tensor:
    """Which part of skin and soft tissue is fat, (size, size)."""
    size = tissue.shape[-1]
    soft = torch.isin(tissue, torch.tensor(_SOFT))
    return soft & (cloud(size, log_uniform(3, 12, g), g) > uniform(least, 0.8, g))


def _mri(head: _Head, kind: str, g: torch.Generator) -> torch.Tensor:
    tissue, size, draw = head.tissue, head.tissue.shape[-1], uniform(0, 1, g)
    sequence = None
    for name, share in _SEQUENCES[kind].items():
        draw -= share
        if draw < 0:
            sequence = name
            break
    level = levels(CONTRASTS, g, sequence)
    if sequence:
        level[_SOFT] = _MUSCLE[sequence] * log_uniform(0.7, 1.4, g)
    picture = painted(tissue, level, 0.08, g)
    if sequence:
        picture = torch.where(head.fat, _FATTY[sequence] * log_uniform(0.7, 1.3, g), picture)
        picture = picture * (1 + torch.isin(tissue, torch.tensor(_SOFT)) * uniform(0, 0.3, g) * cloud(size, 4, g))
    # Edema and old strokes are watery: bright in T2, PD and FLAIR, dark in T1.
    wet = {"t2": 0.4, "pd": 0.2, "flair": 0.4, "t1": -0.25}.get(sequence or "", uniform(-0.4, 0.4, g))
    picture = (picture + head.lesion * wet * uniform(0.5, 1.3, g)).clamp_min(0)
    picture = blur(picture[None, None], uniform(0.4, 1.0, g))[0, 0]
    picture = picture * (1 + uniform(0, 0.25, g) * cloud(size, 90, g)).clamp_min(0.1)
    picture = noisy(picture, 0.006, 0.05, uniform(0.3, 0.6, g), g)
    if chance(0.15, g):  # the noise of air is seen
        picture = (picture.square() + (uniform(0.01, 0.04, g) * torch.randn(size, size, generator=g)).square()).sqrt()
    top, shown = uniform(0.92, 0.999, g), picture[picture > 0.05]
    picture = picture / (torch.quantile(shown, top) if len(shown) else picture.max()).clamp_min(1e-3)
    return uniform(0.75, 1.1, g) * picture.clamp_min(0) ** log_uniform(0.7, 1.4, g)


def _ct(head: _Head, g: torch.Generator) -> torch.Tensor:
    """CT in a window for the brain: bone is white, fat black, and the head rest or a clip may lie beside the head."""
    tissue, size = head.tissue, head.tissue.shape[-1]
    table = {**{name: _HOUNSFIELD[like] for name, like in LIKE.items()}, **_HOUNSFIELD}
    jitter = torch.randn(len(TISSUES), generator=g) * 2.5
    numbers = torch.tensor([table[name] for name in TISSUES]) + jitter
    picture = numbers[tissue] + 3 * cloud(size, 6, g) + uniform(0, 4, g) * cloud(size, 60, g)
    picture = torch.where(head.fat, _FAT + 10 * cloud(size, 5, g), picture)
    # An old stroke is darker than the brain; blood is brighter.
    picture = picture + head.lesion * (uniform(25, 45, g) if chance(0.25, g) else -uniform(6, 26, g))
    # Slices of 5 to 10 mm show furrows faintly; bone stays white, as even a part of it is far above the window.
    bone = torch.isin(tissue, torch.tensor(_BONE))
    within = torch.where(bone, numbers[_BRAIN].mean(), picture)
    picture = torch.where(bone, picture, blur(within[None, None], uniform(0.4, 2.5, g))[0, 0])
    picture = blur(picture[None, None], uniform(0.4, 0.9, g))[0, 0]
    grain = blur(torch.randn(1, 1, size, size, generator=g), uniform(0.3, 0.8, g))[0, 0]
    picture = picture + log_uniform(0.8, 5.0, g) * grain / grain.std()
    width, place = log_uniform(60, 180, g), uniform(0.28, 0.65, g)
    shown = ((picture - 34) / width + place).clamp(0, 1)
    if chance(0.6, g):
        shown = torch.maximum(shown, _beside(tissue, g))
    return shown


def _pet(head: _Head, g: torch.Generator) -> torch.Tensor:
    return _emission(head, g, blurred=(1.8, 4.0), counts=(0.01, 0.08), grain=(1.4, 2.6), cut=0.1)


def _spect(head: _Head, g: torch.Generator) -> torch.Tensor:
    return _emission(head, g, blurred=(2.8, 6.0), counts=(0.03, 0.25), grain=(2.8, 5.0), cut=0.25)


_FUNCTIONS: dict[str, Callable[[_Head, torch.Generator], torch.Tensor]] = {
    "ct": _ct,
    "pet": _pet,
    "spect": _spect,
}


def _emission(
    head: _Head,
    g: torch.Generator,
    *,
    blurred: tuple[float, float],
    counts: tuple[float, float],
    grain: tuple[float, float],
    cut: float,
) -> torch.Tensor:
    """PET or SPECT: sigma of its blur in pixels, strength and sigma of its noise, how often its field of view ends."""
    size = head.tissue.shape[-1]
    tracer = ("perfusion", "glucose", "glucose", "perfusion", "striatal", "white")[int(uniform(0, 5.999, g))]
    level = levels(TRACERS, g, tracer)
    level[_OUTSIDE] *= log_uniform(0.1, 1.2, g)
    picture = painted(head.tissue, level, 0.1, g)
    picture = picture * (1 + uniform(0, 0.25, g) * cloud(size, 40, g)).clamp_min(0.1)
    picture = picture * (1 - head.lesion * uniform(-0.5, 1.0, g)).clamp_min(0)
    picture = blur(picture[None, None], log_uniform(*blurred, g))[0, 0]
    picture = picture + uniform(0, 0.2, g) * blur(picture[None, None], 12.0)[0, 0]  # scatter
    noise = blur(torch.randn(1, 1, size, size, generator=g), uniform(*grain, g))[0, 0]
    strength = log_uniform(*counts, g)
    picture = picture + strength * noise / noise.std() * (0.4 * picture.clamp_min(0).sqrt() + uniform(0, 0.15, g))
    picture = picture / picture.max().clamp_min(1e-3)
    # Many displays begin where the brain does: nothing is seen of the scalp, and its border is the darkest uptake.
    picture = (picture - (uniform(0.05, 0.3, g) if chance(0.5, g) else uniform(0, 0.06, g))).clamp_min(0)
    picture = picture / picture.max().clamp_min(1e-3) * uniform(0.6, 1.1, g)
    picture = picture.clamp(0, 1) ** log_uniform(0.75, 1.4, g)
    if chance(cut, g):
        picture = picture * half_plane(size, g)
    if chance(0.6, g):  # many displays have few steps
        steps = round(log_uniform(40, 255, g))
        picture = (picture * steps).round() / steps
    return picture


def _large_lesion(tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """How much a ragged lesion of some centimeters has of each pixel of the brain, (size, size) in [0, 1]."""
    size = tissue.shape[-1]
    brain = torch.isin(tissue, torch.tensor(_BRAIN))
    rows, columns = torch.where(brain)
    if not len(rows):
        return torch.zeros(size, size)
    n, radius = int(torch.randint(len(rows), (1,), generator=g)), log_uniform(5, 35, g)
    y, x = torch.arange(size)[:, None] - rows[n], torch.arange(size)[None] - columns[n]
    away = (y.square() + x.square()).sqrt() / radius + 0.35 * cloud(size, max(4.0, radius / 2), g)
    edge = uniform(0.03, 0.4, g)
    return ((1 - away) / edge + 0.5).clamp(0, 1) * brain


def _beside(tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """Arc of a head rest, or a few bright spots, outside the head: (size, size) in [0, 1]."""
    size = tissue.shape[-1]
    body = F.max_pool2d((tissue > 0).float()[None, None], 9, 1, 4)[0, 0] > 0
    y, x = torch.arange(size)[:, None].float(), torch.arange(size)[None].float()
    if chance(0.5, g):
        radius, across = uniform(0.4, 0.6, g) * size, uniform(0.4, 0.6, g) * size
        from_center = ((y - size * uniform(0.35, 0.5, g)).square() + (x - across).square()).sqrt()
        drawn = ((from_center - radius).abs() < uniform(0.5, 1.5, g)) & (y > size * uniform(0.5, 0.75, g))
    else:
        drawn = torch.zeros(size, size, dtype=torch.bool)
        for _ in range(1 + int(uniform(0, 6, g))):
            away = (y - uniform(0, size, g)).square() + (x - uniform(0, size, g)).square()
            drawn |= away < uniform(1, 9, g)
    return (drawn & ~body).float()
