"""Foci of the functional source, hot and cold, 8 to 16 mm wide and fainter than its small hot spots.

They are looked for as :mod:`coconet_med.quality.foci` does when it counts what a picture has lost, but in blocks of
about 2 mm, which takes a tenth of the time; the small ones are spots (:mod:`coconet_med.blending.small_findings`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coconet_med.blending.blocks import averaged
from coconet_med.blending.small_findings import RING, Spot, near_bone
from coconet_med.filters.blobs import Blob, find_blobs
from coconet_med.windowing.levels import BODY

#: Diameters in mm; the least contrast to the ring, of 1, and the share of it by which a focus stands out on each side:
#: a little less than what counts as a focus, since blocks blur both.
DIAMETERS, CONTRAST, SURROUNDED = (8.0, 11.3, 16.0), 18 / 255, 0.3

#: Size in mm that a pixel is brought near to.
_PIXEL = 2.0

#: Share that foci ask for of the contrast of a small finding: they are larger, so that less is seen.
_ASKS = 0.8

#: Where the anatomy stands out the other way by this much, of 1, a bright focus of its own lies there: a cold focus of
#: the function does not darken it.
_OPPOSED = 40 / 255


def find_foci(
    anatomy: np.ndarray,
    function: np.ndarray,
    *,
    bone: np.ndarray | None = None,
    spacing: Sequence[float] = (1.0, 1.0),
    block: Sequence[int] = (2, 2),
) -> list[Spot]:
    """Hot and cold foci of one slice of a functional source, without cold ones under a bright focus of the anatomy.

    Args:
        anatomy: (rows, columns) in [0, 1].
        function: likewise.
        bone: what :func:`~coconet_med.blending.small_findings.near_bone` finds, where that is known.
        spacing: of rows and columns in mm; pixels of a picture count as 1 mm.
        block: rows and columns of pixels that one value of the field stands for.
    """
    step = [max(1, round(_PIXEL / s)) for s in spacing]
    coarse = averaged(function, step)
    where = np.maximum(coarse, averaged(anatomy, step)) > BODY
    if bone is None:
        bone = near_bone(function, np.maximum(anatomy, function) > BODY, spacing)
    if bone.any():
        where &= averaged(bone.astype(np.float32), step) == 0
    size = (float(spacing[0] * step[0]), float(spacing[1] * step[1]))
    blobs = find_blobs(
        coarse.astype(np.float64), where, spacing=size, least=CONTRAST, diameters=DIAMETERS, surrounded=SURROUNDED
    )
    found = (_spot(blob, function, step, spacing, block) for blob in blobs)
    return [spot for spot in found if spot.sign > 0 or spot.contrast_in(anatomy) > -_OPPOSED]


def _spot(
    blob: Blob, function: np.ndarray, step: Sequence[int], spacing: Sequence[float], block: Sequence[int]
) -> Spot:
    """A blob of blocks as a disk of pixels."""
    center = [c * n + (n - 1) / 2 for c, n in zip(blob.center, step, strict=True)]
    reach = [(blob.radius + RING[1] + 1) / s for s in spacing]
    # The box begins at a block, so that its bump is one that the field can hold.
    starts = [max(0, int(c - r)) // n * n for c, r, n in zip(center, reach, block, strict=True)]
    stops = [min(size, int(c + r) + 2) for c, r, size in zip(center, reach, function.shape, strict=True)]
    down, along = (
        (np.arange(start, stop) - c) * s for start, stop, c, s in zip(starts, stops, center, spacing, strict=True)
    )
    distance = np.hypot(down[:, None], along).astype(np.float32) - np.float32(blob.radius)
    np.maximum(distance, 0, out=distance)
    box = slice(starts[0], stops[0]), slice(starts[1], stops[1])
    rows, columns = np.nonzero(distance == 0)
    return Spot(box, rows, columns, distance, block, function[box], asks=_ASKS, sign=1 if blob.hot else -1)
