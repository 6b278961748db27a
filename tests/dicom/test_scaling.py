"""Values are what the header says they are, or the series is refused: inverted MR, missing intercepts, ..."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, stored_values

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def _values(folder, role="anatomy", **options):
    return sitk.GetArrayFromImage(read_series(folder, role, **options).image)


def _inverted(ds, k):
    ds.PhotometricInterpretation = "MONOCHROME1"


@pytest.mark.parametrize(("lowest", "units"), [(-1024, "HU"), (0, "relative")])
def test_a_ct_of_unspecified_rescale_type_is_in_hu_where_it_holds_air(tmp_path, lowest, units):
    """GDCM and ITK write Rescale Type US into a CT (ITK issue 5290): beyond its field of view was water, not air."""

    def edit(ds, k):
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", str(lowest), "US"

    stored = stored_values() % 2000
    stored[0, 0, 0] = 0
    classic(tmp_path, "CT", values=stored, edit=edit)
    source = read_series(tmp_path, "anatomy")
    assert source.units == units
    assert any("Rescale Type is US" in warning for warning in source.warnings) == (units == "HU")


@pytest.mark.parametrize("signed", [False, True])
def test_inverted_mr_is_read_as_it_is_displayed(signed, tmp_path):
    stored = classic(tmp_path, "MR", signed=signed, edit=_inverted)
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), (-1 if signed else 65535) - stored)
    assert any("stored inverted (MONOCHROME1)" in warning for warning in source.warnings)


def test_the_slope_of_inverted_mr_is_kept(tmp_path):
    stored = classic(tmp_path, "MR", slopes=[0.5] * 6, edit=_inverted)
    np.testing.assert_allclose(_values(tmp_path), (65535 - stored) * 0.5)


def test_inverted_frames_of_an_enhanced_object_are_read_as_displayed(tmp_path):
    stored = enhanced(tmp_path, edit=_inverted)
    np.testing.assert_array_equal(_values(tmp_path), 65535 - stored)


@pytest.mark.parametrize(("modality", "intercept"), [("CT", -1024), ("PT", 0)])
def test_hounsfield_units_and_activity_stay_whatever_the_display(modality, intercept, tmp_path):
    stored = classic(tmp_path, modality, edit=_inverted)
    np.testing.assert_array_equal(_values(tmp_path, "function", suv="never"), stored + intercept)


def test_both_ways_of_display_in_one_series_are_refused(tmp_path):
    classic(tmp_path, "MR", edit=lambda ds, k: _inverted(ds, k) if k == 2 else None)
    with pytest.raises(ReadError, match=r"PhotometricInterpretation=MONOCHROME1 \(1 image"):
        read_series(tmp_path, "anatomy")


def test_one_slice_without_intercept_is_refused_where_the_others_have_one(tmp_path):
    classic(tmp_path, "CT", edit=lambda ds, k: delattr(ds, "RescaleIntercept") if k == 2 else None)
    with pytest.raises(ReadError, match=r"some images have no Rescale Intercept \(002_2\.dcm\)"):
        read_series(tmp_path, "function")


def test_one_slice_without_intercept_is_a_warning_where_the_others_say_zero(tmp_path):
    stored = classic(tmp_path, "PT", edit=lambda ds, k: delattr(ds, "RescaleIntercept") if k == 2 else None)
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert any("no Rescale Intercept (002_2.dcm)" in warning for warning in source.warnings)


def test_ct_without_any_intercept_is_a_warning(tmp_path):
    classic(tmp_path, "CT", edit=lambda ds, k: delattr(ds, "RescaleIntercept"))
    assert any("CT without Rescale Intercept" in w for w in read_series(tmp_path, "function").warnings)


@pytest.mark.parametrize("modality", ["MR", "PT", "CT"])
def test_a_negative_slope_in_one_slice_is_refused(modality, tmp_path):
    classic(tmp_path, modality, slopes=[1.0, 1.0, -1.0, 1.0, 1.0, 1.0])
    with pytest.raises(ReadError, match=r"some images have a negative Rescale Slope \(002_2\.dcm\)"):
        read_series(tmp_path, "function")


def test_a_negative_slope_in_one_frame_is_refused(tmp_path):
    enhanced(tmp_path, "EPT", slopes=[1.0, 1.0, 1.0, -2.0, 1.0, 1.0])
    with pytest.raises(ReadError, match="negative Rescale Slope"):
        read_series(tmp_path, "function")


def test_negative_activity_throughout_is_refused(tmp_path):
    classic(tmp_path, "PT", slopes=[-1.0] * 6)
    with pytest.raises(ReadError, match="its images have a negative Rescale Slope"):
        read_series(tmp_path, "function")


@pytest.mark.parametrize("change", [{"Rows": 8}, {"Columns": 10}])
def test_pixel_data_longer_than_the_header_says_are_refused(change, tmp_path):
    def edit(ds, k):
        if k == 4:
            for keyword, value in change.items():
                setattr(ds, keyword, value)

    classic(tmp_path / "one", "MR", edit=edit)
    with pytest.raises(ReadError, match="different image sizes"):
        read_series(tmp_path / "one", "anatomy")
    classic(tmp_path / "all", "MR", edit=lambda ds, k: [setattr(ds, *item) for item in change.items()])
    with pytest.raises(ReadError, match=r"pixel data hold 240 bytes, Rows x Columns x frames make (192|200)"):
        read_series(tmp_path / "all", "anatomy")


def test_more_frames_in_the_pixel_data_than_the_header_says_are_refused(tmp_path):
    def edit(ds, _):
        ds.NumberOfFrames = 5
        del ds.PerFrameFunctionalGroupsSequence[-1]

    enhanced(tmp_path, edit=edit)
    with pytest.raises(ReadError, match="pixel data hold 1440 bytes"):
        read_series(tmp_path, "anatomy")


def test_two_radiopharmaceuticals_give_no_suv(tmp_path):
    def edit(ds, k):
        first = ds.RadiopharmaceuticalInformationSequence[0]
        second = pydicom.Dataset()
        second.update(first)
        first.Radiopharmaceutical, second.Radiopharmaceutical = "FDG", "NaF"
        second.RadionuclideTotalDose = "90000000"
        ds.RadiopharmaceuticalInformationSequence = [first, second]

    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "Bq/ml"
    assert any("2 radiopharmaceuticals" in warning for warning in source.warnings)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


def test_fractions_stay_where_the_first_slice_is_empty(tmp_path):
    """A PET whose first slice is all 0 is of whole numbers there alone; others take that slice's type for all."""
    values = stored_values()
    values[0] = 0
    slopes = [1.0, 0.001, 0.002, 0.5, 7.25, 40.0]
    stored = classic(tmp_path, "PT", values=values, slopes=slopes)
    read = _values(tmp_path, "function", suv="never")
    np.testing.assert_allclose(read, stored * np.array(slopes)[:, None, None], rtol=1e-6)
    assert not np.array_equal(read[1], np.rint(read[1]))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("slope", [2.0, 100.0])
def test_a_whole_slope_takes_values_beyond_what_is_stored(signed, slope, tmp_path):
    """vtk-dicom and CMTK cut the product at 32,767, VTK and imageio let it wrap (findings/whole-number-slopes.sh)."""
    values = stored_values() % 20000
    values[2, 3, 4], values[0] = 32767, 0
    slopes = [1.0] + [slope] * (len(values) - 1)
    stored = classic(tmp_path, "PT", values=values, slopes=slopes, signed=signed)
    read = _values(tmp_path, "function", suv="never")
    np.testing.assert_array_equal(read, stored * np.array(slopes)[:, None, None])
    assert read.max() == 32767 * slope


def test_a_ct_without_slope_and_intercept_may_not_be_in_hu_and_this_is_said(tmp_path):
    def edit(ds, k):
        del ds.RescaleSlope, ds.RescaleIntercept

    classic(tmp_path, "CT", edit=edit)
    said = "CT without Rescale Slope and Intercept: stored values were taken as HU"
    assert any(said in warning for warning in read_series(tmp_path, "anatomy").warnings)


@pytest.mark.parametrize("lowest", [0, -1024])
def test_a_ct_without_air_may_have_lost_its_intercept_and_this_is_said(tmp_path, lowest):
    def edit(ds, k):
        ds.RescaleSlope, ds.RescaleIntercept = "1", str(lowest)

    classic(tmp_path, "CT", values=stored_values() % 2000, edit=edit)
    said = "CT without a value below 0 HU, though air, fat and lung lie there"
    assert any(said in warning for warning in read_series(tmp_path, "anatomy").warnings) == (lowest == 0)
