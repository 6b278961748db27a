"""The pictures that the measures look at: 8-bit luminance ; and formulas that several measures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coconet_med.color import bt601
from coconet_med.errors import GeometryError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def luminance(image: ArrayLike) -> Floats:
    """Gray values as a screen or a file would hold them: whole numbers 0..255.

    Args:
        image: ``(j, i)`` gray values 0..255 of any type, or ``(j, i, 3)`` RGB 0..255, whose BT.601 Y is taken.

    Returns:
        ``(j, i)`` float64, clipped to 0..255 and rounded.  Non-finite values become 0.  Rounding is part of the
        published numbers: the same picture gives the same measures whether it comes from an array or from a PNG.

    Raises:
        GeometryError: if the array is neither ``(j, i)`` nor ``(j, i, 3)``.
    """
    values = np.asarray(image, dtype=np.float64)
    if is_color(values):
        values = bt601.luma(values)
    elif values.ndim != 2:
        msg = f"a picture of shape {values.shape} cannot be measured: give (rows, columns) or (rows, columns, 3)"
        raise GeometryError(msg)
    finite = np.nan_to_num(values, nan=0.0, posinf=255.0, neginf=0.0)
    rounded: Floats = np.round(np.clip(finite, 0.0, 255.0)).astype(np.float64, copy=False)
    return rounded


def is_color(image: ArrayLike) -> bool:
    """Whether an array is a ``(j, i, 3)`` RGB picture."""
    shape = np.shape(image)
    return len(shape) == 3 and shape[-1] == 3


def check_same_size(**pictures: Floats) -> None:
    """Raise :class:`GeometryError` unless all named pictures have one shape ``(j, i)``."""
    shapes = {name: picture.shape[:2] for name, picture in pictures.items()}
    if len(set(shapes.values())) > 1:
        said = ", ".join(f"{name} {shape[0]}x{shape[1]}" for name, shape in shapes.items())
        msg = f"pictures of different size cannot be compared ({said}): resample them on one grid first"
        raise GeometryError(msg)


def check_gray_scale(anatomy: ArrayLike, function: ArrayLike, fused: ArrayLike) -> None:
    """Raise :class:`GeometryError` where the result, or both sources, run from 0 to 1 in place of 0 to 255.

    The measures take whole gray values: of 0 to 1 they would see black and one gray, and give numbers all the same.
    One source alone may be as faint as that, in a slice without uptake.

    Args:
        anatomy: picture or volume, gray or RGB.
        function: the same.
        fused: the same.
    """
    pictures = {"anatomy": anatomy, "function": function, "fused": fused}
    unit = [name for name, picture in pictures.items() if _runs_to_one(np.asarray(picture))]
    if "fused" in unit or len(unit) > 1:
        msg = f"gray values from 0 to 1 ({', '.join(unit)}): the measures are for 0 to 255, multiply by 255 first"
        raise GeometryError(msg)


def _runs_to_one(picture: NDArray[Any]) -> bool:
    """Whether float values end between 0.5 and 1 and are fractions: gray 1 of 255 is no picture's lightest value."""
    if not np.issubdtype(picture.dtype, np.floating) or not picture.size:
        return False
    finite = np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0)
    return bool(0.5 <= finite.max() <= 1.0 and np.any((finite > 0.0) & (finite < 1.0)))


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow, however negative x is."""
    return 1.0 / (1.0 + np.exp(-np.maximum(x, -700.0)))
