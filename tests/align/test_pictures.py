"""Pictures are placed pixel on pixel, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from formula_head import sources

from coconet_med.align import align
from coconet_med.errors import GeometryError
from coconet_med.source import Source


def picture(width: int, height: int) -> sitk.Image:
    return sitk.GetImageFromArray(np.random.default_rng(0).random((1, height, width), dtype=np.float32))


def test_pictures_are_laid_pixel_on_pixel():
    function = picture(30, 20)
    result = align(*sources(picture(30, 20), function, planar=True), register="always")
    assert not result.registered
    assert np.array_equal(sitk.GetArrayViewFromImage(result.function), sitk.GetArrayViewFromImage(function))
    assert sitk.GetArrayViewFromImage(result.inside).all()


def test_pictures_of_unequal_sizes_are_refused():
    with pytest.raises(GeometryError, match=r"t1.nii 30 x 20, pet.nii 31 x 20"):
        align(*sources(picture(30, 20), picture(31, 20), planar=True))


def test_a_picture_and_a_volume_are_refused(anatomy):
    with pytest.raises(GeometryError, match=r"slice\.png is a picture"):
        align(Source(anatomy, "t1.nii"), Source(picture(30, 20), "slice.png", planar=True))
