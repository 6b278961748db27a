"""Dose, weight and half-life of a PET header: slips give no SUV, and the true reason."""

from __future__ import annotations

import pydicom
import pytest
from pet_times import factor_of, read_pet, said, timed


def test_the_half_life_must_be_that_of_the_named_radionuclide(tmp_path):
    from pydicom import Dataset

    def edit(ds, k):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C-105A1", "SRT", "^11^Carbon"
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = [code]

    assert "half-life of 6586.2 s is not that of ^11^Carbon (1221.8 s)" in said(read_pet(tmp_path, timed(edit=edit)))


def test_two_radiopharmaceuticals_give_no_suv(tmp_path):
    def edit(ds, k):
        ds.RadiopharmaceuticalInformationSequence = list(ds.RadiopharmaceuticalInformationSequence) * 2

    assert "2 radiopharmaceuticals are named" in said(read_pet(tmp_path, timed(edit=edit)))


@pytest.mark.parametrize(("dose", "weight"), [("200000", "70"), ("150000", "20")])
def test_a_dose_in_kilobecquerels_gives_no_suv(tmp_path, dose, weight):
    def edit(ds, k):
        ds.PatientWeight = weight
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = dose

    source = read_pet(tmp_path, edit)
    assert source.units == "Bq/ml"
    assert f"a dose of {dose} Bq is not plausible at a body weight of {weight} kg" in said(source)


@pytest.mark.parametrize("drug", ["FDG", "18F-Florbetaben", "Fluorodeoxyglucose F^18^"])
@pytest.mark.parametrize("where", ["Radiopharmaceutical", "RadiopharmaceuticalCodeSequence"])
def test_a_half_life_that_is_not_of_the_named_tracer_is_reported(tmp_path, drug, where):
    def edit(ds, k):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadionuclideHalfLife = "1223.4"
        if where == "Radiopharmaceutical":
            item.Radiopharmaceutical = drug
        else:
            code = pydicom.Dataset()
            code.CodeMeaning = drug
            item.RadiopharmaceuticalCodeSequence = [code]

    source = read_pet(tmp_path, edit)
    assert factor_of(source) == pytest.approx(70000 / (2e8 * 2 ** (-2700 / 1223.4)), rel=1e-6)
    assert f"the half-life of 1223.4 s was taken, but the tracer is called {drug} (6586.2 s)" in said(source)
