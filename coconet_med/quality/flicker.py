"""Does a fused volume flicker when one scrolls through it, and are reformatted planes as steady as the slices?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.errors import GeometryError

if TYPE_CHECKING:
    from coconet_med.blending.field import Field


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


def roughness_ratio(field: Field) -> float:
    """How rough a field is across slices, over how rough it is within them, at equal distances in mm; 1 is the same.

    The distance is the larger of the step between slices and the pixel of the field, each axis taken in whole steps
    next to it; the roughness is the mean absolute second difference over it, of all three numbers of the field.

    Returns:
        nan for pictures, and where there are too few slices or pixels to tell.
    """
    if field.grid.spacing is None:
        return float("nan")
    sizes = (field.grid.spacing[0], *(n * mm for n, mm in zip(field.grid.block, field.grid.pixel, strict=True)))
    distance = max(sizes)
    rough = [
        _second(field.values, axis, max(1, round(distance / mm))) for axis, mm in zip((0, 2, 3), sizes, strict=True)
    ]
    within = (rough[1] + rough[2]) / 2
    return rough[0] / within if within > 0 else float("nan")


def _second(values: np.ndarray, axis: int, step: int) -> float:
    count = values.shape[axis] - 2 * step
    if count < 1:
        return float("nan")
    low, middle, high = (values.take(range(start, start + count), axis) for start in (0, step, 2 * step))
    return float(np.abs(low - 2 * middle + high).mean())
