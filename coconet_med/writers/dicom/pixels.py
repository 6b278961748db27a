"""Image Pixel module of the result, and the sRGB profile that tells viewers what the colors mean."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pydicom import Dataset


def add_color(ds: Dataset, pixels: np.ndarray) -> None:
    """8-bit RGB, color by pixel; ``pixels`` uint8 (..., j, i, 3)."""
    ds.SamplesPerPixel = 3
    ds.PhotometricInterpretation = "RGB"
    ds.PlanarConfiguration = 0
    _matrix(ds, pixels.shape[-3], pixels.shape[-2], bits=8, allocated=8)
    ds.ICCProfile = srgb_profile()
    ds.ColorSpace = "SRGB"
    _pixel_data(ds, pixels.astype(np.uint8, copy=False).tobytes(), "OB")


def add_gray(ds: Dataset, pixels: np.ndarray) -> None:
    """12 bits in 16, MONOCHROME2; ``pixels`` uint16 (j, i)."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    _matrix(ds, pixels.shape[-2], pixels.shape[-1], bits=12, allocated=16)
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    _pixel_data(ds, pixels.astype("<u2", copy=False).tobytes(), "OW")


@cache
def srgb_profile() -> bytes:
    """sRGB ICC profile of class "scnr" (input device), which PS3.3 C.11.15.1.1 demands, with a fixed date."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[12:16] = b"scnr"  # Pillow makes a display profile, "mntr"
    profile[24:36] = b"".join(n.to_bytes(2, "big") for n in (2026, 1, 1, 0, 0, 0))  # the date: equal files on each run
    return bytes(profile) + b"\0" * (len(profile) % 2)


def _matrix(ds: Dataset, rows: int, columns: int, *, bits: int, allocated: int) -> None:
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, bits, bits - 1
    ds.PixelRepresentation = 0


def _pixel_data(ds: Dataset, data: bytes, vr: str) -> None:
    from pydicom.dataelem import DataElement

    ds["PixelData"] = DataElement("PixelData", vr, data + b"\0" * (len(data) % 2))
