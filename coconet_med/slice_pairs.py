"""Two volumes on one grid as pairs of slices in [0, 1], made as they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coconet_med.slices import Slicing
from coconet_med.windowing.levels import BLACK

if TYPE_CHECKING:
    from coconet_med.align.resampled import Slices
    from coconet_med.windowing.window import Window

#: Pixels in one batch: engines gain little from more, and memory stays bounded whatever the size of the slices.
BATCH_PIXELS = 4 * 256 * 256


class SlicePairs:
    """What the network sees of two volumes.

    Args:
        anatomy: (k, j, i), in [0, 1] unless ``windows`` are given.
        function: likewise, or a stack of slices that are made as they are needed; a signed map in [-1, 1].  Lightness
            is to show how far its values lie from 0, on either side, as color shows the sign: so the network gets
            their size.
        slicing: which slices the network sees.
        windows: what brings the two volumes to [0, 1].

    Attributes:
        shape: slices, rows and columns.
        lit: (S,): slices on which there is something to see; the others are black.
    """

    def __init__(
        self,
        anatomy: np.ndarray,
        function: np.ndarray | Slices,
        *,
        slicing: Slicing,
        windows: tuple[Window, Window] | None = None,
    ) -> None:
        self._stacks = (
            slicing.stack(anatomy),
            slicing.stack(function) if isinstance(function, np.ndarray) else function,
        )
        self._windows = windows
        count, height, width = self._stacks[0].shape
        self.shape = int(count), int(height), int(width)
        if windows:
            self._signed = windows[1].signed
        else:
            self._signed = isinstance(function, np.ndarray) and bool(function.size and function.min() < 0)
        self.lit = self._lit()

    def __getitem__(self, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the network sees of some slices (B, 2, H, W), and the function of these (B, H, W) with its sign."""
        image = np.empty((len(where), 2, *self.shape[1:]), np.float32)
        for which, stack in enumerate(self._stacks):
            image[:, which] = self._scaled(stack[where], which)
        function = image[:, 1]
        if self._signed:
            function = function.copy()
            np.abs(image[:, 1], out=image[:, 1])
        return image, function

    def _lit(self) -> np.ndarray:
        lit = self._scaled(self._stacks[0].max(axis=(1, 2)), 0) > BLACK
        # The functional volume may have to be made for it: only where the anatomy is dark.
        for where in some(np.flatnonzero(~lit), BATCH_PIXELS // max(1, self.shape[1] * self.shape[2])):
            slices = self._stacks[1][where]
            top = self._scaled(slices.max(axis=(1, 2)), 1)
            if self._signed:
                top = np.maximum(top, -self._scaled(slices.min(axis=(1, 2)), 1))
            lit[where] = top > BLACK
        return lit

    def _scaled(self, values: np.ndarray, which: int) -> np.ndarray:
        return self._windows[which].apply(values) if self._windows else values


def some(numbers: np.ndarray, size: int) -> list[np.ndarray]:
    """Numbers of slices, ``size`` at a time, or one by one."""
    size = max(1, size)
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
