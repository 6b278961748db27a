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
