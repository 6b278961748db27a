"""The places of SPECT slices."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import spect

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


@pytest.mark.parametrize("step", [4.0, -4.0])
def test_spect_slices_follow_the_normal_of_the_first_by_the_signed_spacing(tmp_path, step):
    stored = spect(tmp_path, step=step)
    source = read_series(tmp_path, "function")
    assert source.image.GetSpacing() == pytest.approx((4.2, 4.4, 4.0))
    first = source.image.TransformPhysicalPointToIndex((-80.0, -90.0, 30.0))
    last = source.image.TransformPhysicalPointToIndex((-80.0, -90.0, 30.0 + 5 * step))
    values = sitk.GetArrayFromImage(source.image)
    np.testing.assert_array_equal(values[first[2]], stored[0])
    np.testing.assert_array_equal(values[last[2]], stored[5])
    assert source.units == "counts"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]), "'STATIC' is planar"),
        (lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]), "projection data"),
        (
            lambda ds, k: (delattr(ds, "SpacingBetweenSlices"), setattr(ds, "SliceThickness", None)),
            "without Spacing Between Slices or Slice Thickness",
        ),
        (lambda ds, k: delattr(ds, "DetectorInformationSequence"), "no position and orientation in Detector"),
        (lambda ds, k: setattr(ds, "TimeSlotVector", [1, 1, 1, 2, 2, 2]), r"TimeSlotVector=1 \(3 images\)"),
        (lambda ds, k: setattr(ds, "SliceVector", [1, 2, 3, 3, 5, 6]), "does not number 6 frames"),
    ],
)
def test_spect_without_a_place_or_with_several_volumes_is_refused(tmp_path, edit, message):
    spect(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=message):
        read_series(tmp_path, "function")


@pytest.mark.parametrize("empty", [None, "0"])
def test_spect_without_spacing_between_slices_is_as_thick_as_its_slices_and_that_is_said(tmp_path, empty):
    stored = spect(tmp_path, edit=lambda ds, k: setattr(ds, "SpacingBetweenSlices", empty))
    source = read_series(tmp_path, "function")
    assert source.image.GetSpacing() == pytest.approx((4.2, 4.4, 9.75))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert any("slices were taken as 9.75 mm apart (Slice Thickness)" in said for said in source.warnings)


def test_spect_with_spacing_between_slices_says_nothing_of_its_thickness(tmp_path):
    spect(tmp_path)
    assert not any("Slice Thickness" in said for said in read_series(tmp_path, "function").warnings)
