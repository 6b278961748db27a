"""Voxels outside the circle that a CT scanner reconstructs, which hold a number instead of a measurement."""

from __future__ import annotations

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.series import Series


def replace_padding(series: Series, values: np.ndarray) -> str | None:
    """CT only: give padded voxels the value of air or the lowest seen; what was done in words, if anything.

    Pixel Padding Value (0028,0120), and with Pixel Padding Range Limit (0028,0121) all stored values between the two
    (PS3.3 C.7.5.1.1.2).  Some writers state them as unsigned though the pixels are signed: 63536 means -2000.

    Args:
        series: headers.
        values: HU, (k, j, i); changed in place.
    """
    padding = _stored(series, "PixelPaddingValue")
    if series.modality != "CT" or padding is None:
        return None
    limit = _stored(series, "PixelPaddingRangeLimit")
    slope = headers.number(series.header, "RescaleSlope") or 1.0
    intercept = headers.number(series.header, "RescaleIntercept") or 0.0
    low, high = sorted(np.float32(n * slope + intercept) for n in (padding, padding if limit is None else limit))
    outside = (values >= low) & (values <= high)
    if not outside.any() or outside.all():
        return None
    lowest = float(values[~outside].min())
    values[outside] = lowest
    return f"CT: {outside.mean():.1%} of the voxels lie outside the field of view (padding) and were set to {lowest:g}"


def _stored(series: Series, keyword: str) -> float | None:
    number = headers.number(series.header, keyword)
    signed = bool(headers.whole(series.header, "PixelRepresentation"))
    bits = headers.whole(series.header, "BitsAllocated") or 16
    return number - 2**bits if number is not None and signed and number >= 2 ** (bits - 1) else number
