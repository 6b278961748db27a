"""Random numbers and random pictures that generated pairs are drawn with."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from coconet_med.training.weights import blur


def noisy(picture: torch.Tensor, least: float, most: float, smooth: float, g: torch.Generator) -> torch.Tensor:
    """Noise of some strength, correlated over ``smooth`` pixels, stronger where there is signal, none in black air."""
    if chance(0.3, g):
        return picture
    grain = blur(torch.randn(1, 1, *picture.shape, generator=g), smooth)[0, 0]
    grain = grain / grain.std().clamp_min(1e-6)
    return (picture + log_uniform(least, most, g) * picture.sqrt() * grain).clamp_min(0)


def half_plane(size: int, g: torch.Generator) -> torch.Tensor:
    """1 where a field of view reaches, 0 beyond its straight and perhaps oblique edge: (size, size)."""
    x = torch.arange(size) / size - 0.5
    keep = (x[:, None] + uniform(-0.25, 0.25, g) * x[None] < uniform(0.05, 0.45, g)).float()
    keep = keep.flip(0) if chance(0.5, g) else keep
    return keep.T if chance(0.5, g) else keep


def cloud(size: int, sigma: float, g: torch.Generator) -> torch.Tensor:
    """Smooth random field (size, size) of mean 0 and about unit deviation, its features some ``sigma`` pixels wide."""
    side = max(2, round(size / sigma) + 1)
    small = torch.randn(1, 1, side, side, generator=g)
    return F.interpolate(small, size=(size, size), mode="bicubic", align_corners=True)[0, 0]


def chance(probability: float, g: torch.Generator) -> bool:
    """True in that share of the draws."""
    return bool(torch.rand((), generator=g) < probability)


def uniform(low: float, high: float, g: torch.Generator) -> float:
    """A number between two others."""
    return low + (high - low) * float(torch.rand((), generator=g))


def log_uniform(low: float, high: float, g: torch.Generator) -> float:
    """A number between two positive ones, uniform in its logarithm."""
    return math.exp(uniform(math.log(low), math.log(high), g))
