"""Arrays and SimpleITK images handed over in Python."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError, OptionError, ReadError
from coconet_med.readers.memory import from_memory

RNG = np.random.default_rng(2)


def test_a_volume_array_takes_its_spacing_as_i_j_k() -> None:
    array = RNG.normal(size=(4, 5, 6))
    source = from_memory(array, "anatomy", spacing=(1, 2, 3))
    assert source.image.GetSize() == (6, 5, 4)
    assert source.image.GetSpacing() == (1, 2, 3)
    assert source.image[5, 4, 3] == pytest.approx(array[3, 4, 5])


def test_an_image_keeps_its_geometry() -> None:
    image = sitk.GetImageFromArray(RNG.normal(size=(4, 5, 6)))
    image.SetOrigin((1, 2, 3))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    got = from_memory(image, "function", units="Bq/ml")
    assert got.image.GetOrigin() == (1, 2, 3)
    assert got.image.GetDirection() == image.GetDirection()
    assert got.units == "Bq/ml"


def test_the_callers_array_is_never_changed() -> None:
    array = RNG.normal(size=(20, 20)).astype(np.float32)
    array[0, 0] = np.nan
    before = array.copy()
    from_memory(array, "anatomy")
    assert np.array_equal(array, before, equal_nan=True)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(OptionError, match="needs spacing"):
        from_memory(RNG.normal(size=(4, 5, 6)), "anatomy")
    with pytest.raises(OptionError, match="3 positive numbers"):
        from_memory(RNG.normal(size=(4, 5, 6)), "anatomy", spacing=(1, 1, 0))
    with pytest.raises(ReadError, match="2-D or 3-D"):
        from_memory(RNG.normal(size=(4,)), "anatomy")
    with pytest.raises(ReadError, match="2-D or 3-D"):
        from_memory(["T1.nii.gz"], "anatomy")


def test_an_array_of_python_objects_says_so() -> None:
    array = np.random.default_rng(0).random((6, 7, 8)).astype(object)
    with pytest.raises(ReadError, match=r"holds Python objects .* array\.astype\(float\)"):
        from_memory(array, "function", spacing=(1, 1, 1))


def test_a_sheared_image_is_refused() -> None:
    image = sitk.GetImageFromArray(RNG.normal(size=(4, 5, 6)))
    image.SetDirection((1, 0.2, 0, 0, 1, 0, 0, 0, 1))
    with pytest.raises(GeometryError, match="sheared"):
        from_memory(image, "anatomy")


def test_an_image_of_two_values_a_voxel_is_refused() -> None:
    image = sitk.GetImageFromArray(np.ones((4, 5, 6, 2), np.float32), isVector=True)
    with pytest.raises(ReadError, match="has 2 values a voxel"):
        from_memory(image, "function")
