"""One image in two files is a copy, which counts once, or two images of which none can be chosen."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def test_the_same_object_twice_is_read_once(tmp_path):
    stored = classic(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.warnings == ("6 duplicate file(s) dropped",)


def test_different_images_with_one_uid_are_refused(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "SOPInstanceUID", "1.2.3"))
    with pytest.raises(ReadError, match="different images share one SOP Instance UID"):
        read_series(tmp_path, "anatomy")


@pytest.mark.parametrize("change", [{"PatientID": "P-2"}, {"RescaleSlope": "2"}, {"Units": "CNTS"}])
def test_copies_of_one_uid_that_say_something_else_are_refused(tmp_path, change):
    classic(tmp_path / "a", "PT")
    classic(tmp_path / "b", "PT", edit=lambda ds, k: [setattr(ds, *pair) for pair in change.items()])
    with pytest.raises(ReadError, match="different images share one SOP Instance UID"):
        read_series(tmp_path, "function")


def test_other_pixels_under_one_uid_are_refused(tmp_path):
    classic(tmp_path / "a", "PT")
    classic(tmp_path / "b", "PT", values=stored_values(seed=1))
    with pytest.raises(ReadError, match=r"different images share one SOP Instance UID.*take one of them out"):
        read_series(tmp_path, "function")


def test_slices_that_are_there_again_under_other_uids_count_once(tmp_path):
    """dicom2nifti issue 21: an export or a PACS gives the same slice a new UID."""
    stored = classic(tmp_path)
    again = sorted(tmp_path.glob("*.dcm"))[2:4]
    for number, path in enumerate(again):
        ds = pydicom.dcmread(path)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        ds.save_as(tmp_path / f"again{number}.dcm")
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert any("2 image(s) are there twice under other UIDs" in warning for warning in source.warnings)
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(tmp_path / "again1.dcm")
    with pytest.raises(ReadError, match="places are held 1 to 2 times"):
        read_series(tmp_path, "anatomy")


@pytest.mark.parametrize("number", [7, 4])
def test_a_slice_that_was_taken_again_is_refused_with_both_files(tmp_path, number):
    """Others press the whole head into the way to the image that is numbered last (findings/one-image-too-many.sh)."""

    def renumbered(ds, k):
        ds.InstanceNumber = k + 1 + (k + 1 >= number)

    classic(tmp_path, "CT", edit=renumbered)
    (first,) = tmp_path.glob("*_2.dcm")
    again = pydicom.dcmread(first)
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    again.InstanceNumber = number
    again.PixelData = np.roll(again.pixel_array, 1, axis=0).tobytes()
    again.save_as(tmp_path / "again.dcm")
    with pytest.raises(
        ReadError, match=rf"places are held 1 to 2 times; doubled or missing at .*({first.name}|again\.dcm)"
    ):
        read_series(tmp_path, "anatomy")


def test_a_scout_in_the_series_is_told_from_it(tmp_path):
    stored = classic(tmp_path, "CT", edit=lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "AXIAL"]))
    scout = pydicom.dcmread(next(iter(tmp_path.glob("*_2.dcm"))))
    scout.SOPInstanceUID = scout.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    scout.ImageType, scout.InstanceNumber = ["ORIGINAL", "PRIMARY", "LOCALIZER"], 0
    scout.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    scout.save_as(tmp_path / "scout.dcm")
    with pytest.raises(ReadError, match=r"2 kinds .*--select 'ImageType=AXIAL'"):
        read_series(tmp_path, "anatomy")
    (tmp_path / "scout.dcm").unlink()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_series(tmp_path, "anatomy").image), stored - 1024)
