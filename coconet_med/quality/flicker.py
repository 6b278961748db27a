"""Does a fused volume flicker when one scrolls through it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.errors import GeometryError


def roughness(volume: ArrayLike) -> float:
    """Mean |f[k-1] - 2 f[k] + f[k+1]| over a ``(k, j, i)`` volume: how much slices differ from a smooth passage."""
    return float(np.abs(np.diff(np.asarray(volume, dtype=np.float64), n=2, axis=0)).mean())


def flicker(anatomy: ArrayLike, function: ArrayLike, fused: ArrayLike) -> float:
    """:func:`roughness` of the result over the mean of that of its sources; 1 is as steady as they are.

    Args:
        anatomy: ``(k, j, i)`` on the grid of ``fused``, values 0..255 as they entered the fusion.
        function: likewise.
        fused: ``(k, j, i)`` fused luminance, 0..255.

    Returns:
        nan for fewer than 3 slices, or if both sources are perfectly smooth across slices.

    Raises:
        GeometryError: if the arrays are not three volumes of one shape.
    """
    shapes = [np.shape(x) for x in (anatomy, function, fused)]
    if len(set(shapes)) > 1 or len(shapes[0]) != 3:
        msg = f"flicker needs three volumes (k, j, i) on one grid, got shapes {shapes}"
        raise GeometryError(msg)
    if shapes[0][0] < 3:
        return float("nan")
    own = (roughness(anatomy) + roughness(function)) / 2.0
    return roughness(fused) / own if own > 0.0 else float("nan")
