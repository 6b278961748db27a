"""From pixels to blocks of pixels, which one value of a field stands for, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np


def averaged(picture: np.ndarray, step: Sequence[int]) -> np.ndarray:
    """Means of blocks of ``step`` pixels; the last rows and columns are repeated where a block is not full."""
    fill = [(0, -n % s) for n, s in zip(picture.shape, step, strict=True)]
    padded = np.pad(picture, fill, mode="edge") if any(after for _, after in fill) else picture
    # Sums of every n-th row and column: means over blocks take several times as long.
    columns = reduce(np.add, (padded[:, n :: step[1]] for n in range(step[1])))
    return reduce(np.add, (columns[n :: step[0]] for n in range(step[0]))) / np.float32(step[0] * step[1])


def stretched(coarse: np.ndarray, step: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Blocks back to pixels, bilinear."""
    below, above, share = _places(step[1], shape[1], coarse.shape[1])
    wide = coarse.take(above, 1)
    wide -= coarse.take(below, 1)
    wide *= share
    wide += coarse.take(below, 1)
    below, above, share = _places(step[0], shape[0], coarse.shape[0])
    out = wide.take(above, 0)
    low = wide.take(below, 0)
    out -= low
    out *= share[:, None]
    out += low
    return out


@lru_cache(maxsize=256)
def _places(step: int, size: int, blocks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of ``size`` pixels the blocks before and after its middle, and the share of the later one."""
    place = np.clip((np.arange(size) + 0.5) / step - 0.5, 0, blocks - 1)
    below = np.minimum(place.astype(int), max(blocks - 2, 0))
    return below, np.minimum(below + 1, blocks - 1), (place - below).astype(np.float32)
