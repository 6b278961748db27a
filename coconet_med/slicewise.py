"""Run the network over a volume, slice by slice in batches, and put the result back on the grid exactly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coconet_med.engines import Engine
    from coconet_med.scale import Window
    from coconet_med.slices import Slicing

#: Called with the number of finished slices and their total; may raise to stop the work.
Progress = Callable[[int, int], None]

#: Smallest side that the network takes; smaller slices are padded and cropped back.
SMALLEST_SIDE = 16

#: Pixels in one batch: engines gain little from more, and memory stays bounded whatever the size of the slices.
BATCH_PIXELS = 4 * 256 * 256

#: Light is faded out between these levels (of 1) of the brighter source: where both are dark, nothing is shown.
DARK, LIT = 2 / 255, 6 / 255


@dataclass(frozen=True)
class Batch:
    """Some slices of a volume, fused.

    Attributes:
        where: their numbers in the stack.
        anatomy: (slice, row, column) float32 in [0, 1], as the network saw it.
        function: likewise.
        fused: luminance, likewise.
    """

    where: np.ndarray
    anatomy: np.ndarray
    function: np.ndarray
    fused: np.ndarray


def fuse_slices(
    anatomy: np.ndarray,
    function: np.ndarray,
    *,
    slicing: Slicing,
    engine: Engine,
    progress: Progress | None = None,
) -> np.ndarray:
    """Fused luminance of two volumes on one grid.

    Slices on which both sources are dark are skipped: :func:`keep_dark` would make them black anyway.

    Args:
        anatomy: (k, j, i) float32 in [0, 1].
        function: (k, j, i) float32 in [0, 1].
        slicing: which slices the network sees.
        engine: what runs the network.
        progress: called after each batch.

    Returns:
        (k, j, i) float32 in [0, 1].
    """
    fused = np.zeros(anatomy.shape, np.float32)
    stack = slicing.stack(fused)
    for batch in fuse_batches(anatomy, function, slicing=slicing, engine=engine, progress=progress):
        stack[batch.where] = batch.fused
    return fused


def fuse_batches(
    anatomy: np.ndarray,
    function: np.ndarray,
    *,
    slicing: Slicing,
    engine: Engine,
    windows: tuple[Window, Window] | None = None,
    progress: Progress | None = None,
) -> Iterator[Batch]:
    """All slices of two volumes on one grid, fused, some at a time, so that nothing of their size is ever made.

    Args:
        anatomy: (k, j, i), in [0, 1] unless ``windows`` are given.
        function: likewise.
        slicing: which slices the network sees.
        engine: what runs the network.
        windows: what brings the two volumes to [0, 1].
        progress: called after each batch that the network saw.

    Yields:
        Each slice once, the dark ones, which the network does not see, first.
    """
    stacks = [slicing.stack(array) for array in (anatomy, function)]
    count, height, width = stacks[0].shape
    tops = [_scaled(stack.max(axis=(1, 2)), windows, which) for which, stack in enumerate(stacks)]
    lit = np.maximum(*tops) > DARK
    size = max(getattr(engine, "slices", 1), BATCH_PIXELS // (height * width))
    done = count - int(lit.sum())

    def scaled(where: np.ndarray) -> np.ndarray:
        image = np.empty((len(where), 2, height, width), np.float32)
        for which, stack in enumerate(stacks):
            image[:, which] = _scaled(stack[where], windows, which)
        return image

    for where in _some(np.flatnonzero(~lit), size):
        image = scaled(where)
        yield Batch(where, image[:, 0], image[:, 1], np.zeros((len(where), height, width), np.float32))
    at_once = 2 if getattr(engine, "overlaps", False) else 1
    with ThreadPoolExecutor(at_once, "coconet-network") as network:
        waiting: deque[tuple[np.ndarray, np.ndarray, Future[np.ndarray]]] = deque()
        coming = iter(_some(np.flatnonzero(lit), size))
        while True:
            # A batch is handed on when the network has the next one already: so it never waits for what is done with
            # them.
            for where in islice(coming, at_once + 1 - len(waiting)):
                image = scaled(where)
                waiting.append((where, image, network.submit(_run, engine, image)))
            if not waiting:
                return
            where, image, fused = waiting.popleft()
            yield Batch(where, image[:, 0], image[:, 1], keep_dark(fused.result(), image)[:, 0])
            done += len(where)
            if progress:
                progress(done, count)


def prepare(engine: Engine, slices: int, height: int, width: int) -> None:
    """Let an engine make ready for so many slices of this size, if it has to, before they are there."""
    if hasattr(engine, "prepare"):
        engine.prepare(max(height, SMALLEST_SIDE), max(width, SMALLEST_SIDE), slices=slices)


def keep_dark(fused: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Black where both sources are dark, whatever the network says; the rest unchanged.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        image: (B, 2, H, W) in [0, 1], its sources.
    """
    brighter = np.maximum(image[:, :1], image[:, 1:])
    return np.clip(fused, 0, 1) * np.clip((brighter - DARK) / (LIT - DARK), 0, 1)


def _some(numbers: np.ndarray, size: int) -> list[np.ndarray]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _scaled(values: np.ndarray, windows: tuple[Window, Window] | None, which: int) -> np.ndarray:
    return windows[which].apply(values) if windows else values


def _run(engine: Engine, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[-2:]
    pad = [(0, max(0, SMALLEST_SIDE - n)) for n in (height, width)]
    if any(after for _, after in pad):
        image = np.pad(image, ((0, 0), (0, 0), *pad), mode="edge")
    return engine.run(image)[..., :height, :width]
