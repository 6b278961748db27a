"""Voxels that nobody measured, which hold a number that the header names (Pixel Padding Value)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.series import Series

if TYPE_CHECKING:
    from coconet_med.dicom.frame import Frame

#: In other images than CT padding is told from a true background by lying at least this share of the range beyond it.
BEYOND = 0.1


def replace_padding(series: Series, frames: Sequence[Frame], values: np.ndarray) -> str | None:
    """Give padded voxels the lowest measured value; what was done in words, if anything.

    Pixel Padding Value (0028,0120), and with Pixel Padding Range Limit (0028,0121) all stored values between the two
    (PS3.3 C.7.5.1.1.2).  Some writers state them as unsigned though the pixels are signed: 63536 means -2000.  In CT
    every padded voxel counts; in MR, PET and SPECT, where 0 is often named and is a true background as well, only those
    far outside the range of all others; it becomes 0 in PET and SPECT.

    Args:
        series: headers.
        frames: the planes, each with its slope and intercept.
        values: rescaled, (k, j, i); changed in place.
    """
    padding = _stored(series, "PixelPaddingValue")
    if padding is None or any(frame.mirror is not None for frame in frames):
        return None
    limit = _stored(series, "PixelPaddingRangeLimit")
    outside = np.zeros(values.shape, bool)
    for frame, plane, where in zip(frames, values, outside, strict=True):
        slope = 1.0 if frame.slope is None else frame.slope
        ends = sorted(n * slope + frame.intercept for n in (padding, padding if limit is None else limit))
        half = abs(slope) / 2
        where[...] = (plane >= ends[0] - half) & (plane <= ends[1] + half)
    if not outside.any() or outside.all():
        return None
    lowest, highest = float(values[~outside].min()), float(values[~outside].max())
    if series.modality != "CT":
        margin, padded = BEYOND * (highest - lowest), values[outside]
        if not (padded.max() < lowest - margin or padded.min() > highest + margin):
            return None
        lowest = 0.0 if series.modality in ("PT", "NM") else lowest
    values[outside] = lowest
    share = f"{outside.mean():.1%} of the voxels lie outside the field of view (padding)"
    return f"{series.modality}: {share} and were set to {lowest:g}"


def _stored(series: Series, keyword: str) -> float | None:
    number = headers.number(series.header, keyword)
    signed = bool(headers.whole(series.header, "PixelRepresentation"))
    bits = headers.whole(series.header, "BitsAllocated") or 16
    return number - 2**bits if number is not None and signed and number >= 2 ** (bits - 1) else number
