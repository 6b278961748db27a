"""Statistics of whole pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Pearson correlation of all pixels of two pictures; 0 where one of them is constant (nothing varies together).

    Args:
        one: any shape and type; sums are taken in ``float64``.
        other: same shape.
    """
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / scale) if scale > 0.0 else 0.0
