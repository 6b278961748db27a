"""Generated pairs: one anatomy, random contrast per tissue, random tracer, resolution and noise, and lesions.

Domain randomization as in SynthSeg (Billot et al., Medical Image Analysis 86 (2023) 102789): a network that has seen
every contrast does not depend on the one that the real pairs happen to have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from coconet_med.errors import ReadError
from coconet_med.training.displays import displayed
from coconet_med.training.draws import chance, cloud, half_plane, log_uniform, noisy, uniform
from coconet_med.training.tissue_levels import CONTRASTS, TRACERS, levels, painted
from coconet_med.training.weights import blur

#: Share of a window that is body; windows with less are drawn again.
_LEAST_BODY = 0.05

#: How often a pair is what: two modalities as they are displayed, or tissues of any contrast.
KINDS = {"any": 0.18, "pet": 0.23, "spect": 0.2, "ct": 0.27, "pet on ct": 0.07, "spect on ct": 0.05}

#: How sharp small lesions of a modality are: sigma in pixels.
_SHARP = {"pet": (1.0, 2.5), "spect": (2.0, 4.0), "ct": (0.4, 1.2)}


@dataclass(frozen=True)
class Generator:
    """Draws generated pairs.

    Args:
        slices: (N, H, W) ``uint8`` numbers of :data:`~coconet_med.training.anatomies.TISSUES`, pixels of 1 mm; each
            shows something.
        axial: how many of them, the first ones, are axial; the displayed kinds are mostly drawn of these.

    Example:
        >>> slices = torch.ones(1, 64, 64, dtype=torch.uint8)
        >>> Generator(slices).batch(2, 64, torch.Generator().manual_seed(0)).shape
        torch.Size([2, 2, 64, 64])
    """

    slices: torch.Tensor
    axial: int = 0

    @classmethod
    def read(cls, path: Path) -> Generator:
        """From the file that :mod:`coconet_med.training.anatomies` writes.

        Raises:
            ReadError: it is not such a file.
        """
        try:
            with np.load(path) as held:
                slices, axial = torch.from_numpy(held["slices"]), int(held["axial"]) if "axial" in held else 0
        except (OSError, KeyError, ValueError) as error:
            msg = f"{path}: no label slices ({error}); make them by python -m coconet_med.training.anatomies"
            raise ReadError(msg) from error
        return cls(slices, axial)

    def batch(self, count: int, size: int, generator: torch.Generator) -> torch.Tensor:
        """``count`` pairs (count, 2, size, size) in [0, 1]: channel 0 anatomical, channel 1 functional."""
        return torch.stack([self.pair(size, generator) for _ in range(count)])

    def pair(self, size: int, generator: torch.Generator) -> torch.Tensor:
        """One pair (2, size, size) in [0, 1]."""
        kind = list(KINDS)[int(torch.multinomial(torch.tensor(list(KINDS.values())), 1, generator=generator))]
        freely = kind == "any" or not self.axial
        tissue = self._deformed(size, freely, generator)
        while float((tissue > 0).float().mean()) < _LEAST_BODY:
            tissue = self._deformed(size, freely, generator)
        return _of_any_contrast(tissue, generator) if kind == "any" else _as_displayed(kind, tissue, generator)

    def _deformed(self, size: int, freely: bool, g: torch.Generator) -> torch.Tensor:
        """Tissue numbers (size, size): a slice turned, stretched, shifted and bent, freely or as heads differ."""
        among = len(self.slices) if freely or chance(0.2, g) else self.axial
        labels = self.slices[int(torch.randint(among, (1,), generator=g))].float()
        much = 1.0 if freely or chance(0.3, g) else 0.4
        angle = uniform(-30, 30, g) * much
        zoom, stretch = log_uniform(0.7, 1.6, g) ** much, log_uniform(0.8, 1.25, g) ** much
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        across = size / labels.shape[1] / zoom
        shift = [uniform(-0.2, 0.2, g) for _ in range(2)]
        theta = torch.tensor([[cos * across * stretch, -sin * across, shift[0]], [sin * across * stretch, cos * across,
                             shift[1]]])  # fmt: skip
        grid = F.affine_grid(theta[None], [1, 1, size, size], align_corners=False)
        bend = torch.stack([cloud(size, 24, g), cloud(size, 24, g)], dim=-1) * (uniform(0, 6, g) / labels.shape[1])
        bent = F.grid_sample(labels[None, None], grid + bend, mode="nearest", align_corners=False)[0, 0].long()
        bent = bent.transpose(0, 1) if chance(0.5, g) else bent
        return bent.flip([axis for axis in (0, 1) if chance(0.5, g)])


def _of_any_contrast(tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """A pair of any contrasts: those of a table or, as often as not, of none."""
    size, body = tissue.shape[-1], tissue > 0
    anatomy = painted(tissue, levels(CONTRASTS, g, _one_of(CONTRASTS, 0.45, g)), 0.06, g)
    function = painted(tissue, levels(TRACERS, g, _one_of(TRACERS, 0.35, g)), 0.10, g)
    function = function * (1 + 0.3 * cloud(size, 40, g)).clamp_min(0)
    for _ in range(int(torch.randint(6, (1,), generator=g))):
        for picture, spot in zip((anatomy, function), _lesion(body, g), strict=True):
            picture.add_(spot).clamp_min_(0)
    anatomy = blur(anatomy[None, None], uniform(0.4, 1.3, g))[0, 0]
    function = blur(function[None, None], log_uniform(0.5, 4.0, g))[0, 0]
    anatomy = anatomy * (1 + uniform(0, 0.25, g) * cloud(size, 90, g)).clamp_min(0.1)
    image = torch.stack([noisy(anatomy, 0.003, 0.05, uniform(0.4, 0.5, g), g),
                         noisy(function, 0.003, 0.05, uniform(0.4, 1.3, g), g)])  # fmt: skip
    top = torch.stack([torch.quantile(image[0], 0.995), image[1].max()]).clamp_min(1e-3)
    gain = torch.tensor([uniform(0.6, 1.05, g), uniform(0.45, 1.0, g)])
    image = (image / top[:, None, None] * gain[:, None, None]).clamp(0, 1)
    if chance(0.15, g):  # the functional field of view ends inside the anatomy
        image[1] *= half_plane(size, g)
    return image


def _as_displayed(kind: str, tissue: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """A pair of one of the displayed kinds, with small lesions; a few are softened as averages over people are."""
    image, body = displayed(kind, tissue, g), tissue > 0
    for _ in range(int(torch.randint(4, (1,), generator=g))):
        spots = _lesion(body, g)
        image[0] += blur(spots[0][None, None], uniform(0.4, 1.2, g))[0, 0]
        image[1] += blur(spots[1][None, None], uniform(*_SHARP[kind.split()[0]], g))[0, 0]
    if chance(0.12, g):
        image = blur(image[None], uniform(0.5, 3.0, g))[0]
    return image.clamp(0, 1)


def _one_of(tables: dict[str, dict[str, float]], known: float, g: torch.Generator) -> str | None:
    return list(tables)[int(torch.randint(len(tables), (1,), generator=g))] if chance(known, g) else None


def _lesion(body: torch.Tensor, g: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """What a spot adds to either source, (size, size) each: brighter or darker, from hardly seen to plain, or 0."""
    rows, columns = torch.where(body)
    size, radius = body.shape[-1], log_uniform(1.5, 10.0, g)
    n = int(torch.randint(len(rows), (1,), generator=g))
    y, x = torch.arange(size)[:, None] - rows[n], torch.arange(size)[None] - columns[n]
    ragged = 1 + uniform(0, 0.6, g) * cloud(size, max(4.0, radius), g)
    spot = ((y.square() + x.square() * log_uniform(0.5, 2.0, g)).sqrt() < radius * ragged) & body
    where = int(torch.randint(3, (1,), generator=g))
    anatomy, function = (
        spot * (log_uniform(0.05, 0.6, g) * (1 if chance(0.6, g) else -1) if wanted else 0.0)
        for wanted in (where != 1, where != 0)
    )
    return anatomy, function
