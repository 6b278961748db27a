"""Pictures are placed pixel on pixel, or refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from formula_head import sources

from coconet_med.align import align
from coconet_med.errors import GeometryError
from coconet_med.readers import read
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


def slice_file(path: Path, *, degrees: float = 0.0, origin: float = 0.0, spacing: float = 1.0) -> Path:
    """A 2-D image in a format that states a place."""
    image = sitk.GetImageFromArray(np.random.default_rng(len(path.name)).integers(0, 255, (40, 30)).astype(np.int16))
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    image.SetDirection((cos, -sin, sin, cos))
    image.SetOrigin((origin, 0.0))
    image.SetSpacing((spacing, spacing))
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("other", [{"degrees": 30.0}, {"origin": 13.0}, {"spacing": 2.0}])
@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_slices_that_their_headers_put_apart_are_refused(tmp_path, suffix, other):
    first = read(slice_file(tmp_path / f"t1{suffix}"), "anatomy")
    second = read(slice_file(tmp_path / f"pet{suffix}", **other), "function")
    with pytest.raises(GeometryError, match=rf"t1{suffix} and pet{suffix} are of one size, but .* resample one"):
        align(first, second)


def test_slices_at_one_place_and_pictures_without_one_are_laid_on_each_other(tmp_path):
    turned = {"degrees": 30.0, "origin": 13.0, "spacing": 2.0}
    first = read(slice_file(tmp_path / "t1.mha", **turned), "anatomy")
    same = read(slice_file(tmp_path / "pet.nrrd", **turned), "function")
    assert align(first, same).coverage == 1
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(1200, dtype=np.uint8).reshape(40, 30)), str(tmp_path / "pet.png"))
    assert align(first, read(tmp_path / "pet.png", "function")).coverage == 1
