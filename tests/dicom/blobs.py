"""An MRI and a PET of blobs as series."""

from __future__ import annotations

import numpy as np


def blobs(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """Smooth whole numbers without any symmetry, (k, j, i)."""
    rng = np.random.default_rng(seed)
    k, j, i = np.indices(shape)
    places = rng.random((6, 3)) * shape
    spots = sum(np.exp(-(((k - a) / 3) ** 2 + ((j - b) / 4) ** 2 + ((i - c) / 5) ** 2)) for a, b, c in places)
    return np.rint(200 + 3000 * spots / spots.max() + rng.integers(0, 50, shape)).astype(int)
