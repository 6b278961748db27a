"""Units that a series states, and those that are kept where asked."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, spect

from coconet_med.readers.dicom import read_series
from coconet_med.source import RELATIVE_UNITS


def test_own_units_are_kept_where_asked(tmp_path):
    stored = classic(tmp_path, "PT")
    source = read_series(tmp_path, "function", suv="never")
    assert source.units == "Bq/ml"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.warnings == ()


def test_values_in_gml_are_suv_already(tmp_path):
    stored = classic(tmp_path, "PT", edit=lambda ds, k: setattr(ds, "Units", "GML"))
    source = read_series(tmp_path, "function")
    assert (source.units, source.details["suv"]["factor"]) == ("SUVbw", 1.0)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


def test_suv_by_lean_body_mass_is_not_called_body_weight(tmp_path):
    def lean(ds, k):
        ds.Units, ds.SUVType = "GML", "LBM"

    classic(tmp_path, "PT", edit=lean)
    assert read_series(tmp_path, "function").units == "SUVlbm"


@pytest.mark.parametrize("kind", [None, "LBM"])
@pytest.mark.parametrize(("corrections", "said"), [(["DECY", "SCAT"], 1), (["ATTN", "DECY"], 0), (None, 0)])
def test_suv_by_its_units_without_attenuation_correction_is_said(tmp_path, kind, corrections, said):
    def edit(ds, k):
        ds.Units, ds.CorrectedImage, ds.PatientSize = "GML", corrections, "1.75"
        if kind:
            ds.SUVType, ds.PatientSex = kind, "M"

    classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw"
    assert sum("Units say GML, but values are not corrected for ATTN" in each for each in source.warnings) == said


@pytest.mark.parametrize("modality", ["PT", "NM"])
def test_uptake_in_hounsfield_units_is_named_and_no_ct(tmp_path, modality):
    if modality == "PT":
        classic(tmp_path, "PT", edit=lambda ds, k: setattr(ds, "Units", "HU"))
    else:
        spect(tmp_path, edit=lambda ds, k: setattr(ds, "Units", "HU"))
    source = read_series(tmp_path, "function")
    assert source.units == RELATIVE_UNITS
    assert any(f"Units say HU, which only CT has: this {modality} is a CT by" in each for each in source.warnings)
