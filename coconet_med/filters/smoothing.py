"""Correlation with weights, means and Gaussians, as ``scipy.ndimage`` has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

#: What lies beyond the frame: ``symmetric`` d c b a | a b c d, ``mirror`` d c b | a b c d, ``nearest`` a a a | a b c d,
#: ``zero`` 0 0 0 | a b c d.  (SciPy calls the first "reflect" and the last "constant".)
Border = Literal["symmetric", "mirror", "nearest", "zero"]

#: Values handled at a time: the block, its border and a sum stay in the second-level cache.
_BLOCK = 1 << 14


def correlate(image: np.ndarray, weights: ArrayLike, *, axis: int, border: Border = "symmetric") -> np.ndarray:
    """Sum of ``weights[n] * image[position + n - radius]`` along one axis.

    Args:
        image: any number of axes, ``float32`` or ``float64``; sums are taken in ``float64``.
        weights: odd number 2 radius + 1 of weights, symmetric (w[-n] = w[n]) or antisymmetric (w[-n] = -w[n]).
        axis: along which.
        border: what lies beyond the frame.

    Returns:
        Same shape and type as ``image``.  Sums run from the outermost pair of weights inwards at every pixel alike, so
        equal neighborhoods have exactly equal results: ranks depend on that.
    """
    weights = np.asarray(weights, dtype=np.float64)
    radius = len(weights) // 2
    join = np.add if np.array_equal(weights, weights[::-1]) else np.subtract
    result = np.empty_like(image, order="C")
    for source, target in _blocks(image, result, axis):
        size = source.shape[1]
        wide = _framed(source, radius, border)
        total = wide[:, radius : radius + size] * weights[radius]
        pair = np.empty_like(total)
        for n in np.flatnonzero(weights[:radius]):
            join(wide[:, n : n + size], wide[:, 2 * radius - n : 2 * radius - n + size], out=pair)
            pair *= weights[n]
            total += pair
        target[...] = total
    return result


def mean_filter(image: np.ndarray, width: int) -> np.ndarray:
    """Mean over ``width`` (odd) pixels along each axis, in ``float64``; the picture continued symmetrically."""
    result = np.asarray(image, dtype=np.float64)
    for axis in range(result.ndim):
        summed = np.empty_like(result, order="C")
        for source, target in _blocks(result, summed, axis):
            target[...] = _window_sums(_framed(source, width // 2, "symmetric"), width)
        result = summed / width
    return result


def gaussian(
    image: np.ndarray,
    sigma: float | Sequence[float],
    *,
    truncate: float = 4.0,
    radius: int | None = None,
    border: Border = "symmetric",
    slope_along: int | None = None,
) -> np.ndarray:
    """Blur with a Gaussian, or with its first derivative along one axis.

    Args:
        image: any number of axes, ``float32`` or ``float64``.
        sigma: standard deviation in pixels, one for all axes or one for each; along an axis with 0 nothing is blurred.
        truncate: standard deviations at which the Gaussian is cut.
        radius: pixels at which it is cut, instead of ``truncate``.
        border: what lies beyond the frame.
        slope_along: axis along which the blurred image is differentiated.

    Returns:
        Same shape and type as ``image``.
    """
    for axis, deviation in enumerate(np.broadcast_to(np.asarray(sigma, dtype=np.float64), image.ndim)):
        if deviation == 0.0:
            continue
        reach = int(truncate * float(deviation) + 0.5) if radius is None else radius
        x = np.arange(-reach, reach + 1)
        weights = np.exp(-0.5 / (deviation * deviation) * x**2)
        weights /= weights.sum()
        if axis == slope_along:
            weights *= x / (deviation * deviation)
        image = correlate(image, weights, axis=axis, border=border)
    return image


def laplacian(image: np.ndarray) -> np.ndarray:
    """Sum of the second differences along all axes, the picture continued symmetrically."""
    return reduce(np.add, (correlate(image, [1.0, -2.0, 1.0], axis=axis) for axis in range(image.ndim)))


def _window_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums of ``width`` neighbors along the middle axis, put together from sums of 1, 2, 4, ... neighbors."""
    size = values.shape[1] - width + 1
    total: Any = 0.0
    start, length = 0, 1
    while length <= width:
        if width & length:
            total = total + values[:, start : start + size]
            start += length
        if 2 * length <= width:
            values = values[:, :-length] + values[:, length:]
        length *= 2
    return total


def _blocks(image: np.ndarray, result: np.ndarray, axis: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Matching parts of two arrays as views ``(before, along the axis, after)`` of about ``_BLOCK`` values."""
    axis %= image.ndim
    size = image.shape[axis]
    form = (int(np.prod(image.shape[:axis])), size, int(np.prod(image.shape[axis + 1 :])))
    image, result = image.reshape(form), result.reshape(form)
    columns = max(1, min(form[2], _BLOCK // max(size, 1)))
    rows = max(1, _BLOCK // max(size * columns, 1))
    for row in range(0, form[0], rows):
        for column in range(0, form[2], columns):
            part = np.s_[row : row + rows, :, column : column + columns]
            yield image[part], result[part]


def _framed(block: np.ndarray, radius: int, border: Border) -> np.ndarray:
    """``block`` as ``float64``, continued by ``radius`` on both sides of its middle axis."""
    before, size, after = block.shape
    wide = np.zeros((before, size + 2 * radius, after))
    wide[:, radius : radius + size] = block
    if border != "zero" and radius:
        frame, inside = _frame(radius, size, border)
        wide[:, frame] = block[:, inside]
    return wide


@lru_cache(maxsize=256)
def _frame(radius: int, size: int, border: Border) -> tuple[np.ndarray, np.ndarray]:
    """Indices of what lies beyond the frame in an axis that was continued, and of the pixels that stand for it."""
    beyond = np.r_[-radius:0, size : size + radius]
    return np.r_[0:radius, radius + size : 2 * radius + size], _inside(beyond, size, border)


def _inside(index: np.ndarray, size: int, border: Border) -> np.ndarray:
    """The pixels inside the frame that stand for indices beyond it, however far they lie."""
    if border == "nearest":
        return np.clip(index, 0, size - 1)
    if border == "mirror":
        index = index % max(2 * size - 2, 1)
        return np.minimum(index, 2 * size - 2 - index)
    index = index % (2 * size)
    return np.minimum(index, 2 * size - 1 - index)
