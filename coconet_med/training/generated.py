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
from coconet_med.training.anatomies import TISSUES
from coconet_med.training.weights import blur

#: Mean gray level of tissues, of 1, in the contrasts that the field knows; other tissues are drawn at random.
_CONTRASTS: dict[str, dict[str, float]] = {
    "t1": {"csf": 0.12, "cortex": 0.45, "white_matter": 0.7, "bone": 0.06, "marrow": 0.75, "skin": 0.85,
           "soft_tissue": 0.4},
    "t2": {"csf": 0.95, "cortex": 0.6, "white_matter": 0.4, "bone": 0.05, "marrow": 0.5, "skin": 0.6,
           "soft_tissue": 0.25},
    "flair": {"csf": 0.08, "cortex": 0.62, "white_matter": 0.5, "bone": 0.05, "marrow": 0.5, "skin": 0.6,
              "soft_tissue": 0.3},
    "pd": {"csf": 0.75, "cortex": 0.8, "white_matter": 0.6, "bone": 0.08, "marrow": 0.6, "skin": 0.6,
           "soft_tissue": 0.5},
    "ct": {"csf": 0.25, "cortex": 0.42, "white_matter": 0.37, "bone": 1.0, "marrow": 0.95, "skin": 0.1,
           "soft_tissue": 0.5},
}  # fmt: skip

_TRACERS: dict[str, dict[str, float]] = {
    "glucose": {"csf": 0.08, "cortex": 0.75, "white_matter": 0.3, "cerebellar_cortex": 0.65, "thalamus": 0.8,
                "caudate": 0.85, "putamen": 0.9, "bone": 0.05, "marrow": 0.1, "skin": 0.08, "soft_tissue": 0.18},
    "perfusion": {"csf": 0.05, "cortex": 0.8, "white_matter": 0.25, "cerebellar_cortex": 0.95, "thalamus": 0.7,
                  "bone": 0.03, "marrow": 0.05, "skin": 0.05, "soft_tissue": 0.12},
    "striatal": {"csf": 0.1, "cortex": 0.25, "white_matter": 0.2, "caudate": 0.95, "putamen": 0.9, "pallidum": 0.6,
                 "bone": 0.08, "skin": 0.1, "soft_tissue": 0.2},
    "white": {"csf": 0.1, "cortex": 0.35, "white_matter": 0.7, "brainstem": 0.8, "bone": 0.1, "skin": 0.1,
              "soft_tissue": 0.2},
    "ct": _CONTRASTS["ct"],
}  # fmt: skip

#: Share of a window that is body; windows with less are drawn again.
_LEAST_BODY = 0.05

#: Tissues that follow another one where a table does not name them.
_LIKE = {
    "cerebellar_cortex": "cortex",
    "cerebellar_white_matter": "white_matter",
    "thalamus": "cortex",
    "caudate": "cortex",
    "putamen": "cortex",
    "hippocampus": "cortex",
    "other_nuclei": "cortex",
    "pallidum": "white_matter",
    "brainstem": "white_matter",
}


@dataclass(frozen=True)
class Generator:
    """Draws generated pairs.

    Args:
        slices: (N, H, W) ``uint8`` numbers of :data:`~coconet_med.training.anatomies.TISSUES`, pixels of 1 mm; each
            shows something.

    Example:
        >>> slices = torch.ones(1, 64, 64, dtype=torch.uint8)
        >>> Generator(slices).batch(2, 64, torch.Generator().manual_seed(0)).shape
        torch.Size([2, 2, 64, 64])
    """

    slices: torch.Tensor

    @classmethod
    def read(cls, path: Path) -> Generator:
        """From the file that :mod:`coconet_med.training.anatomies` writes.

        Raises:
            ReadError: it is not such a file.
        """
        try:
            with np.load(path) as held:
                slices = torch.from_numpy(held["slices"])
        except (OSError, KeyError, ValueError) as error:
            msg = f"{path}: no label slices ({error}); make them by python -m coconet_med.training.anatomies"
            raise ReadError(msg) from error
        return cls(slices)

    def batch(self, count: int, size: int, generator: torch.Generator) -> torch.Tensor:
        """``count`` pairs (count, 2, size, size) in [0, 1]: channel 0 anatomical, channel 1 functional."""
        return torch.stack([self.pair(size, generator) for _ in range(count)])

    def pair(self, size: int, generator: torch.Generator) -> torch.Tensor:
        """One pair (2, size, size) in [0, 1]."""
        g = generator
        tissue = self._deformed(size, g)
        while float((tissue > 0).float().mean()) < _LEAST_BODY:
            tissue = self._deformed(size, g)
        anatomy = _painted(tissue, _levels(_CONTRASTS, 0.45, g), 0.06, g)
        tracer = _levels(_TRACERS, 0.35, g)
        function = _painted(tissue, tracer, 0.10, g) * (1 + 0.3 * _cloud(size, 40, g)).clamp_min(0)
        body = tissue > 0
        for _ in range(int(torch.randint(6, (1,), generator=g))):
            anatomy, function = _lesion(anatomy, function, body, g)
        anatomy = blur(anatomy[None, None].clamp_min(0), _uniform(0.4, 1.3, g))[0, 0]
        function = blur(function[None, None].clamp_min(0), _log_uniform(0.5, 4.0, g))[0, 0]
        anatomy = anatomy * (1 + _uniform(0, 0.25, g) * _cloud(size, 90, g)).clamp_min(0.1)
        image = torch.stack([_noisy(anatomy, 0.4, g), _noisy(function, 1.2, g)])
        top = torch.stack([torch.quantile(image[0], 0.995), image[1].max()]).clamp_min(1e-3)
        gain = torch.tensor([_uniform(0.6, 1.05, g), _uniform(0.45, 1.0, g)])
        image = (image / top[:, None, None] * gain[:, None, None]).clamp(0, 1)
        if _chance(0.15, g):  # the functional field of view ends inside the anatomy
            image[1] *= _half_plane(size, g)
        return image

    def _deformed(self, size: int, g: torch.Generator) -> torch.Tensor:
        """Tissue numbers (size, size): a slice turned, zoomed, stretched, shifted and bent."""
        labels = self.slices[int(torch.randint(len(self.slices), (1,), generator=g))].float()
        angle, zoom, stretch = _uniform(-30, 30, g), _log_uniform(0.7, 1.6, g), _log_uniform(0.8, 1.25, g)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        across = size / labels.shape[1] / zoom
        shift = [_uniform(-0.2, 0.2, g) for _ in range(2)]
        theta = torch.tensor([[cos * across * stretch, -sin * across, shift[0]], [sin * across * stretch, cos * across,
                             shift[1]]])  # fmt: skip
        grid = F.affine_grid(theta[None], [1, 1, size, size], align_corners=False)
        bend = torch.stack([_cloud(size, 24, g), _cloud(size, 24, g)], dim=-1) * (_uniform(0, 6, g) / labels.shape[1])
        bent = F.grid_sample(labels[None, None], grid + bend, mode="nearest", align_corners=False)[0, 0].long()
        bent = bent.transpose(0, 1) if _chance(0.5, g) else bent
        return bent.flip([axis for axis in (0, 1) if _chance(0.5, g)])


def _levels(tables: dict[str, dict[str, float]], known: float, g: torch.Generator) -> torch.Tensor:
    """Mean level of each tissue: of a table with some change, or, as often as not ``known``, of no table at all."""
    levels = torch.rand(len(TISSUES), generator=g) * 0.9 + 0.03
    if _chance(known, g):
        table = tables[list(tables)[int(torch.randint(len(tables), (1,), generator=g))]]
        for number, name in enumerate(TISSUES):
            level = table.get(name, table.get(_LIKE.get(name, ""), None))
            if level is not None:
                levels[number] = max(0.0, level * _log_uniform(0.85, 1.18, g) + _uniform(-0.03, 0.03, g))
    levels[0] = 0.0
    return levels


def _painted(tissue: torch.Tensor, levels: torch.Tensor, texture: float, g: torch.Generator) -> torch.Tensor:
    size = tissue.shape[-1]
    return levels[tissue] * (1 + _uniform(0, texture, g) * (_cloud(size, 5, g) + _cloud(size, 14, g)))


def _lesion(
    anatomy: torch.Tensor, function: torch.Tensor, body: torch.Tensor, g: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """A round or irregular spot in one source or in both: brighter or darker, from hardly seen to plain."""
    rows, columns = torch.where(body)
    if not len(rows):
        return anatomy, function
    size = body.shape[-1]
    n = int(torch.randint(len(rows), (1,), generator=g))
    radius = _log_uniform(1.5, 10.0, g)
    y, x = torch.arange(size)[:, None] - rows[n], torch.arange(size)[None] - columns[n]
    ragged = 1 + _uniform(0, 0.6, g) * _cloud(size, max(4.0, radius), g)
    spot = ((y.square() + x.square() * _log_uniform(0.5, 2.0, g)).sqrt() < radius * ragged) & body
    where = int(torch.randint(3, (1,), generator=g))
    for picture, wanted in ((anatomy, where != 1), (function, where != 0)):
        if wanted:
            change = _log_uniform(0.05, 0.6, g) * (1 if _chance(0.6, g) else -1)
            picture[spot] = (picture[spot] + change).clamp_min(0)
    return anatomy, function


def _noisy(picture: torch.Tensor, smooth: float, g: torch.Generator) -> torch.Tensor:
    """Noise of some strength and correlation, stronger where there is signal, none in air that is black."""
    if _chance(0.3, g):
        return picture
    grain = blur(torch.randn(1, 1, *picture.shape, generator=g), _uniform(0.3, smooth, g) + 0.1)[0, 0]
    grain = grain / grain.std().clamp_min(1e-6)
    return (picture + _log_uniform(0.003, 0.05, g) * picture.sqrt() * grain).clamp_min(0)


def _half_plane(size: int, g: torch.Generator) -> torch.Tensor:
    edge = int(_uniform(0.55, 0.95, g) * size)
    keep = torch.zeros(size, size)
    keep[:edge] = 1
    keep = keep.flip(0) if _chance(0.5, g) else keep
    return keep.T if _chance(0.5, g) else keep


def _cloud(size: int, sigma: float, g: torch.Generator) -> torch.Tensor:
    """Smooth random field (size, size) of mean 0 and about unit deviation, its features some ``sigma`` pixels wide."""
    side = max(2, round(size / sigma) + 1)
    small = torch.randn(1, 1, side, side, generator=g)
    return F.interpolate(small, size=(size, size), mode="bicubic", align_corners=True)[0, 0]


def _chance(probability: float, g: torch.Generator) -> bool:
    return bool(torch.rand((), generator=g) < probability)


def _uniform(low: float, high: float, g: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=g))


def _log_uniform(low: float, high: float, g: torch.Generator) -> float:
    return math.exp(_uniform(math.log(low), math.log(high), g))
