"""Padding of CT is no measurement."""

from __future__ import annotations

import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values

from coconet_med.readers.dicom import read_series


def test_padding_of_ct_becomes_the_lowest_true_value(tmp_path):
    stored = stored_values(low=100)
    stored[:, 0, 0] = 7

    def pad(ds, k):
        ds.PixelPaddingValue = 7

    classic(tmp_path, "CT", values=stored, edit=pad)
    source = read_series(tmp_path, "anatomy")
    assert sitk.GetArrayFromImage(source.image)[0, 0, 0] == stored[stored != 7].min() - 1024
    assert any("outside the field of view" in warning for warning in source.warnings)


def _values(folder, role="anatomy", **options):
    return sitk.GetArrayFromImage(read_series(folder, role, **options).image)


@pytest.mark.parametrize("vr", ["SS", "US"])
def test_padding_is_found_however_its_sign_is_written(vr, tmp_path):
    values = stored_values(low=-1000, high=1500)
    values[:, 0, :] = -2000
    values[:, 0, :6] = -1995

    def edit(ds, k):
        ds.add_new(0x00280120, vr, -2000 if vr == "SS" else 63536)
        ds.add_new(0x00280121, vr, -1990 if vr == "SS" else 63546)

    classic(tmp_path, "CT", values=values, signed=True, edit=edit)
    assert _values(tmp_path, "function").min() == values[:, 1:].min() - 1024


@pytest.mark.parametrize(("modality", "filled"), [("MR", 100.0), ("PT", 0.0)])
def test_padding_far_outside_all_other_values_is_no_measurement(modality, filled, tmp_path):
    """-32768 beyond the field of view was the darkest tissue of an MRI, and an SUV of -15."""
    values = stored_values(low=100, high=4000)
    values[2, 3, 4], values[0, 0, :] = 100, -32768

    def edit(ds, k):
        ds.PixelPaddingValue = -32768
        ds.Units = "CNTS"

    slopes = [1.0, 1.5, 1.0, 2.0, 1.0, 1.0] if modality == "PT" else None
    role = "function" if modality == "PT" else "anatomy"
    classic(tmp_path / "a", modality, values=values, signed=True, edit=edit, slopes=slopes)
    source = read_series(tmp_path / "a", role)
    found = sitk.GetArrayFromImage(source.image)
    assert (found[0, 0] == filled).all()
    assert found[1:].min() >= 100
    assert any(f"{modality}: 1.7% of the voxels lie outside the field of view" in note for note in source.warnings)


def test_a_background_that_is_called_padding_stays_as_it_is(tmp_path):
    values = stored_values()
    values[:, :2] = 0
    classic(tmp_path, values=values, edit=lambda ds, k: setattr(ds, "PixelPaddingValue", 0))
    source = read_series(tmp_path, "anatomy")
    assert (sitk.GetArrayFromImage(source.image) == values).all()
    assert source.warnings == ()


def test_padding_does_not_spread_where_slices_are_interpolated(tmp_path):
    values = stored_values(low=100, high=4000)
    values[3] = -32768

    def edit(ds, k):
        ds.PixelPaddingValue = -32768
        ds.ImagePositionPatient[2] += 0.5 * (k == 4)

    classic(tmp_path, values=values, signed=True, edit=edit)
    assert _values(tmp_path, allow_gaps=True).min() >= 100


@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_a_fill_that_no_header_names_is_no_measurement(modality, tmp_path):
    """As programs write that resample an image: the MRI came out without contrast, the PET as a map of both signs."""
    values = stored_values(low=100, high=4000)
    values[:, 0, :] = -32768
    classic(tmp_path, modality, values=values, signed=True)
    source = read_series(tmp_path, "anatomy" if modality == "MR" else "function", suv="never")
    found = sitk.GetArrayFromImage(source.image)
    assert (found[:, 0, :] == 0).all()
    assert (found[:, 1:] == values[:, 1:] * (found[0, 1, 1] / values[0, 1, 1])).all()
    assert any("-32768" in note and "no other value is negative" in note for note in source.warnings)
