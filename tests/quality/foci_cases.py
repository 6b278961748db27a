"""Heads with disks of known place, size and contrast."""

from __future__ import annotations

import math

import numpy as np

from coconet_med.quality.foci import Focus

SIZE = 160


PLACES = ((60, 60), (60, 100), (100, 60), (100, 100))


def disk(center: tuple[float, float], radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.hypot(y - center[0], x - center[1]) <= radius


HEAD = disk((80, 80), 70)


def head(level: float, *, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(size=HEAD.shape) * noise
    return np.where(HEAD, level + grain, 0.0)


def near(foci: list[Focus], center: tuple[float, float], *, within: float = 2.0) -> list[Focus]:
    return [f for f in foci if math.dist(f.center, center) <= within]
