"""Medians of the surroundings of every pixel, of several sizes at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Gray levels from one counted level to the next.
_STEP = 2

#: Pixels that lie below each of these levels are counted; between two of them the median is interpolated.
_LEVELS = np.arange(_STEP // 2, 256, _STEP, dtype=np.uint8)


def local_medians(
    picture: np.ndarray, radii: Sequence[tuple[int, int]], *, box: tuple[slice, slice] | None = None
) -> list[np.ndarray]:
    """Medians of rectangles around each pixel; what lies beyond the frame does not count.

    Pixels below each of 128 levels are counted in all rectangles, and the median is interpolated between two levels: it
    is off by about half a gray level.  Other threads may work meanwhile, which filters of SimpleITK do not allow.

    Args:
        picture: (rows, columns) uint8.
        radii: of the rectangles, in rows and columns: they are 2 radius + 1 pixels high and wide.
        box: where medians are wanted; everywhere by default.

    Returns:
        For each of ``radii`` (rows, columns) of the box, float32, 0 to 255.
    """
    box = box or (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
    reach = tuple(max(radius[axis] for radius in radii) for axis in (0, 1))
    below = _below(picture, box, reach)
    return [_median(below, picture.shape, box, radius, reach) for radius in radii]


def _below(picture: np.ndarray, box: tuple[slice, slice], reach: tuple[int, ...]) -> np.ndarray:
    """Whether pixels lie below each level, (rows, levels, columns) of the box and ``reach`` more on each side."""
    inside = tuple(
        slice(max(0, s.start - r), min(n, s.stop + r)) for s, r, n in zip(box, reach, picture.shape, strict=True)
    )
    size = [s.stop - s.start + 2 * r for s, r in zip(box, reach, strict=True)]
    below = np.zeros((size[0], len(_LEVELS), size[1]), np.uint8)
    to = tuple(slice(i.start - s.start + r, i.stop - s.start + r) for i, s, r in zip(inside, box, reach, strict=True))
    np.less(picture[inside][:, None, :], _LEVELS[:, None], out=below[to[0], :, to[1]].view(bool))
    return below


def _median(
    below: np.ndarray, shape: tuple[int, ...], box: tuple[slice, slice], radius: Sequence[int], reach: tuple[int, ...]
) -> np.ndarray:
    spare = [r - own for r, own in zip(reach, radius, strict=True)]
    below = below[spare[0] : len(below) - spare[0], :, spare[1] : below.shape[2] - spare[1]]
    height, width = (2 * r + 1 for r in radius)
    if height * width > np.iinfo(np.uint8).max:
        below = below.astype(np.uint16)
    rows = _sums(below, height)
    # One long line: sums that run over the end of a row into the next one are those that lie beyond the box.
    line = _sums(np.append(rows.ravel(), np.zeros(width - 1, rows.dtype)), width)
    counts = line.reshape(rows.shape)[:, :, : rows.shape[2] - width + 1]
    half = 0.5 * np.outer(*(_inside(s, r, n) for s, r, n in zip(box, radius, shape, strict=True))).astype(np.float32)
    level = (counts <= half.astype(counts.dtype)[:, None, :]).sum(axis=1, dtype=np.uint8).astype(np.intp)
    under = np.take_along_axis(counts, np.maximum(level - 1, 0)[:, None, :], 1)[:, 0].astype(np.float32)
    up_to = np.take_along_axis(counts, np.minimum(level, len(_LEVELS) - 1)[:, None, :], 1)[:, 0].astype(np.float32)
    under[level == 0] = 0
    up_to = np.where(level == len(_LEVELS), 2 * half, up_to)
    # Levels lie between the gray levels that are counted below them, hence the half.
    median = _STEP * (level - 0.5 + (half - under) / np.maximum(up_to - under, 1)) - 0.5
    return np.clip(median, 0, 255).astype(np.float32)


def _sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums of ``width`` neighbors along the first axis, put together from sums of 1, 2, 4, ... neighbors."""
    size, total, start, length = len(values) - width + 1, None, 0, 1
    while length <= width:
        if width & length:
            part = values[start : start + size]
            total = part if total is None else total + part
            start += length
        if 2 * length <= width:
            values = values[:-length] + values[length:]
        length *= 2
    assert total is not None
    return total


def _inside(box: slice, radius: int, size: int) -> np.ndarray:
    """How many pixels of each row (or column) of a rectangle lie inside the frame."""
    middle = np.arange(box.start, box.stop)
    return np.minimum(middle + radius, size - 1) - np.maximum(middle - radius, 0) + 1
