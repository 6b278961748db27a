"""Pixels of a DICOM result and the profile that says what its colors mean."""

from __future__ import annotations

import io

import numpy as np
from PIL import ImageCms
from pydicom import Dataset

from coconet_med.writers.dicom.pixels import add_color, add_gray, srgb_profile


def test_odd_numbers_of_bytes_are_padded_and_the_size_is_stated() -> None:
    ds, pixels = Dataset(), np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
    add_color(ds, pixels)
    assert (ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.BitsStored, ds.HighBit) == (3, 5, 3, 8, 7)
    assert ds.PixelData == pixels.tobytes() + b"\0"


def test_gray_has_12_bits_in_little_endian() -> None:
    ds, pixels = Dataset(), np.array([[0, 1, 4095]], np.uint16)
    add_gray(ds, pixels)
    assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit) == (16, 12, 11)
    assert ds.PixelData == b"\0\0\1\0\xff\x0f"


def test_the_profile_is_srgb_of_an_input_device_and_the_same_each_time() -> None:
    profile = srgb_profile()
    assert profile[12:16] == b"scnr"
    assert len(profile) % 2 == 0
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    srgb_profile.cache_clear()
    assert srgb_profile() == profile
