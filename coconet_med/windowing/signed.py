"""Is a functional image a signed map: z-scores, a difference, a contrast?  Then values below 0 say as much as others.

The rule, in this order:

1. CT and activity are not: HU, SUV, Bq/ml, counts, and what else has such units.  What lies below 0 there is air, or
   noise of the reconstruction.
2. Values that say themselves that they are statistics are, if any of them lies below 0: the intents correlation, t and
   z of NIfTI (nifti1.h: 2, 3, 5), and the DICOM units STDDEV (PS3.3 C.8.9.1.1.3).
3. Else values averaged over blocks of some 8 mm decide: the image is signed if they go at least a quarter as far below
   0 as above.  Noise averages out in such a block; a region below 0 does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.windowing.ct import looks_like_hu

if TYPE_CHECKING:
    from coconet_med.source import Source

#: Blocks that values are averaged over, in mm; pixels of a picture count as 2 mm.
BLOCK_MM, PICTURE_MM = 8.0, 2.0

#: How far averaged values of a signed map go below 0, as a share of how far they go above.
LEAST_SHARE = 0.25

#: Ends of the averaged values: so many percent beyond either are left out.
_TAIL = 0.1

#: Intents of NIfTI whose values have a sign: correlation, t and z score.
SIGNED_INTENTS = {2: "correlation", 3: "t scores", 5: "z scores"}

#: Units of CT and of activity.
_ACTIVITY = re.compile(r"HU|SUV|Bq|Ci|counts|g/m", re.IGNORECASE)

#: DICOM units of such values.
SIGNED_UNITS = {"STDDEV": "standard deviations"}


def why_signed(source: Source, values: np.ndarray) -> str | None:
    """Why an image is taken as a signed map; ``None`` where it is not.

    Args:
        source: the functional image, with its units, and the intent of NIfTI in ``details``.
        values: its values (k, j, i), in those units.
    """
    lowest = float(values.min())
    if lowest >= 0:
        return None
    said = SIGNED_UNITS.get(source.units) or SIGNED_INTENTS.get(source.details.get("nifti_intent", 0))
    if said:
        return f"the header says {said}"
    if _ACTIVITY.search(source.units) or source.modality == "CT" or looks_like_hu(values):
        return None
    spacing = (PICTURE_MM,) * 3 if source.planar else source.image.GetSpacing()[::-1]
    low, high = averaged_ends(values, spacing)
    if low >= 0 or -low < LEAST_SHARE * high:
        return None
    return f"averaged over {BLOCK_MM:g} mm its values go from {low:.3g} to {high:.3g}"


def averaged_ends(values: np.ndarray, spacing: tuple[float, ...]) -> tuple[float, float]:
    """Lowest and highest of values averaged over blocks of :data:`BLOCK_MM`, without the outermost 0.1 % of them.

    Args:
        values: (k, j, i).
        spacing: in mm, in the same order.
    """
    block = [int(np.clip(round(BLOCK_MM / mm), 1, max(1, n // 4))) for mm, n in zip(spacing, values.shape, strict=True)]
    whole = values[tuple(slice(n // b * b) for n, b in zip(values.shape, block, strict=True))]
    # One axis after the other, so that nothing of the size of the volume is made in double precision.
    for axis, b in enumerate(block):
        shape = [*whole.shape[:axis], whole.shape[axis] // b, b, *whole.shape[axis + 1 :]]
        whole = whole.reshape(shape).mean(axis=axis + 1, dtype=np.float32)
    low, high = np.percentile(whole, [_TAIL, 100 - _TAIL])
    return float(low), float(high)
