"""Steadiness across slices: a network that sees one slice at a time is taught on runs of neighboring ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from coconet_med.training.weights import single

_EPS = 1e-6


@dataclass(frozen=True)
class Steadiness:
    """When and how strongly slices that follow each other are compared.

    Attributes:
        weight: of the term; 0 leaves it out, and runs are not drawn.
        every: one step of so many draws runs of neighboring slices instead of single ones.
        length: slices of a run; at least 3, which a second difference needs.
        allowed: flicker that costs nothing; 1 is as steady as the mean of the sources.
    """

    weight: float = 0.0
    every: int = 3
    length: int = 3
    allowed: float = 1.2


def unsteadiness(fused: torch.Tensor, image: torch.Tensor, length: int, *, allowed: float = 1.0) -> torch.Tensor:
    """Flicker beyond what is allowed, averaged over the runs of a batch.

    Mean absolute second difference across the slices of a run, over the mean of those of the two sources: the flicker
    of :mod:`coconet_med.quality.flicker`.

    Args:
        fused: (B, 1, H, W), B a multiple of ``length``: one run after the other.
        image: (B, 2, H, W) sources.
        length: slices of a run.
        allowed: flicker that costs nothing.
    """
    rough = [
        x.reshape(-1, length, *x.shape[-2:]).diff(n=2, dim=1).abs().mean(dim=(1, 2, 3))
        for x in (single(fused)[:, 0], *single(image).unbind(1))
    ]
    return F.relu(rough[0] / (rough[1] / 2 + rough[2] / 2 + _EPS) - allowed).mean()
