"""Statistics of whole pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def row_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson correlation of each row (n, m) with the same row of the other, (n,); 0 where one of them is constant."""
    a, b = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.zeros(len(a)), where=scale > 0)


def correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Pearson correlation of all pixels of two pictures; 0 where one of them is constant (nothing varies together).

    Args:
        one: any shape and type; sums are taken in ``float64``.
        other: same shape.
    """
    a, b = (np.asarray(picture, np.float64).reshape(1, -1) for picture in (one, other))
    return float(row_correlations(a, b)[0])
