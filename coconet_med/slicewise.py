"""Run the network over a volume, slice by slice in batches, and put the result back on the grid exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coconet_med.engines import Engine
    from coconet_med.slices import Slicing

#: Called with the number of finished slices and their total; may raise to stop the work.
Progress = Callable[[int, int], None]

#: Smallest side that the network takes; smaller slices are padded and cropped back.
SMALLEST_SIDE = 16

#: Pixels in one batch: engines gain little from more, and memory stays bounded whatever the size of the slices.
BATCH_PIXELS = 4 * 256 * 256

#: Light is faded out between these levels (of 1) of the brighter source: where both are dark, nothing is shown.
DARK, LIT = 2 / 255, 6 / 255


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
    stacks = [slicing.stack(array) for array in (anatomy, function)]
    count, height, width = stacks[0].shape
    fused = np.zeros((count, height, width), np.float32)
    brightest = np.maximum(*(stack.max(axis=(1, 2)) for stack in stacks))
    lit = np.flatnonzero(brightest > DARK)
    size = max(1, BATCH_PIXELS // (height * width))
    done = count - len(lit)
    for start in range(0, len(lit), size):
        chosen = lit[start : start + size]
        image = np.stack([stack[chosen] for stack in stacks], axis=1)
        fused[chosen] = keep_dark(_run(engine, image), image)[:, 0]
        done += len(chosen)
        if progress:
            progress(done, count)
    return np.ascontiguousarray(slicing.unstack(fused))


def keep_dark(fused: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Black where both sources are dark, whatever the network says; the rest unchanged.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        image: (B, 2, H, W) in [0, 1], its sources.
    """
    brighter = image.max(axis=1, keepdims=True)
    return np.clip(fused, 0, 1) * np.clip((brighter - DARK) / (LIT - DARK), 0, 1)


def _run(engine: Engine, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[-2:]
    pad = [(0, max(0, SMALLEST_SIDE - n)) for n in (height, width)]
    if any(after for _, after in pad):
        image = np.pad(image, ((0, 0), (0, 0), *pad), mode="edge")
    return engine.run(image)[..., :height, :width]
