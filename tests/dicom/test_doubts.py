"""A header that speaks against the SUV by weight, dose and times: no SUV, or a warning that says by how much."""

from __future__ import annotations

import pytest
from dicom_phantom import classic, stored_values, uid
from pydicom import Dataset
from suv_cases import HALF_LIFE, drug_of, made_pet, setting

from coconet_med.readers.dicom import read_series


def told(source, words):
    return [note for note in source.warnings if words in note]


@pytest.mark.parametrize("units", ["BQML", "GML"])
def test_parameters_of_a_model_are_no_suv_whatever_units_say(tmp_path, units):
    kind = ["DERIVED", "PRIMARY", "PARAMETRIC"]
    source = made_pet(tmp_path, setting(ImageType=kind, Units=units))
    assert source.units == "relative"
    assert told(source, f"Image Type says PARAMETRIC: values are parameters of a model, whatever Units ({units}) say")


def test_stored_values_without_a_slope_are_no_activity(tmp_path):
    def edit(ds, k):
        del ds.RescaleSlope, ds.RescaleIntercept

    source = made_pet(tmp_path, edit)
    assert source.units == "relative"
    assert told(source, "no SUV: its images have no Rescale Slope, so stored values are in no known unit")


def test_a_decay_factor_that_contradicts_admin_is_said(tmp_path):
    """Horos issue 653: which of the two times values are corrected to changes SUV by the decay between them."""
    to_start, to_injection = 1.03231, 1.03231 * 2 ** (3600 / HALF_LIFE)
    odd = made_pet(tmp_path / "a", setting(DecayCorrection="ADMIN", DecayFactor=f"{to_start:.5f}"))
    (note,) = told(odd, "Decay Correction says ADMIN")
    assert "injection 2025-01-01 10:00:00" in note
    assert note.endswith("by which SUV 1.00 would be 1.46")
    fine = made_pet(tmp_path / "b", setting(DecayCorrection="ADMIN", DecayFactor=f"{to_injection:.5f}"))
    assert not told(fine, "Decay Correction says ADMIN")
    without = made_pet(tmp_path / "c", setting(DecayCorrection="ADMIN", AcquisitionTime=""))
    assert without.units == "SUVbw"
    assert not told(without, "Decay Correction says ADMIN")


def test_the_factors_of_philips_beside_bq_are_a_check(tmp_path):
    def philips(suv):
        def edit(ds, k):
            block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
            block.add_new(0x00, "DS", suv)
            block.add_new(0x09, "DS", "0.5")

        return edit

    source = made_pet(tmp_path / "a", philips("0.0005"))
    factor = source.details["suv"]["factor"]
    (note,) = told(source, "by Philips (7053,1000) and (7053,1009)")
    assert f"1.00 would be {0.001 / factor:.3g}" in note
    assert not told(made_pet(tmp_path / "b", philips(f"{0.5 * factor:.6g}")), "by Philips")


def test_the_weight_of_a_child_at_the_age_of_a_grown_person_is_said(tmp_path):
    born = setting(PatientWeight="7", PatientBirthDate="19700101", StudyDate="20250101", PatientSize="")
    assert told(made_pet(tmp_path / "a", born), "weight of 7 kg was taken, at an age of 55 years")
    dated = setting(PatientWeight="7", PatientAge="008M", PatientSize="")
    assert not told(made_pet(tmp_path / "b", dated), "at an age of")
    dummy = setting(PatientWeight="7", PatientBirthDate="19000101", PatientSize="")
    assert not told(made_pet(tmp_path / "c", dummy), "at an age of")


def test_a_height_in_centimeters_is_held_against_the_weight_as_well(tmp_path):
    source = made_pet(tmp_path, setting(PatientWeight="1.75", PatientSize="170"))
    assert told(source, "no SUV: patient weight of 1.75 kg is not plausible at a height of 1.7 m")


@pytest.mark.parametrize(("stated", "unit"), [("109.77", "minutes"), ("78.41", "hours")])
def test_a_half_life_in_another_unit_is_no_half_life(tmp_path, stated, unit):
    source = made_pet(tmp_path, lambda ds, k: setattr(drug_of(ds), "RadionuclideHalfLife", stated))
    assert told(source, f"no SUV: half-life of {float(stated):g} s is not plausible ({unit}, it seems")


def test_an_empty_item_beside_the_radiopharmaceutical_is_none(tmp_path):
    def edit(ds, k):
        ds.RadiopharmaceuticalInformationSequence = [drug_of(ds), Dataset()]

    assert made_pet(tmp_path, edit).units == "SUVbw"


@pytest.mark.parametrize(
    ("slope", "units", "said"),
    [(1e-6, "BQML", "no body has so little everywhere"), (5.0, "GML", "times the injected activity")],
)
def test_values_that_are_not_in_the_units_of_the_header_are_doubted(tmp_path, slope, units, said):
    """kBq/ml or Bq/ml under the name of another unit: no body has so much, or so little."""
    classic(tmp_path, "PT", slopes=[slope] * 6, edit=setting(Units=units), spacing=(9.0, 9.0))
    assert told(read_series(tmp_path, "function"), said)


@pytest.mark.parametrize("own_start", [True, False])
def test_frames_that_are_corrected_each_to_its_own_start_are_said(tmp_path, own_start):
    """Decay Factors that do not grow with time: the mean, and SUV of the later frames, would be off without a word."""
    for frame in range(3):

        def edit(ds, k, frame=frame):
            ds.SOPInstanceUID = uid("frame", frame, k)
            ds.SeriesType, ds.AcquisitionTime = ["DYNAMIC", "IMAGE"], f"11{10 * frame:02d}00"
            ds.ActualFrameDuration, ds.FrameReferenceTime = "600000", f"{600000 * frame + 298400}"
            ds.DecayFactor = f"{1.03203 * 2 ** (0 if own_start else 600 * frame / HALF_LIFE):.6f}"

        classic(tmp_path / str(frame), "PT", edit=edit, values=stored_values(seed=frame))
    notes = told(read_series(tmp_path, "function"), "by Decay Factor the frames are corrected to several times")
    assert len(notes) == own_start
    assert all(note.endswith("if so, SUV 1.00 of the last would be 1.13") for note in notes)


@pytest.mark.parametrize(
    ("keyword", "value", "minutes"),
    [
        ("RadiopharmaceuticalStopTime", "105500", "55 min"),
        ("RadiopharmaceuticalStopDateTime", "20250101113000", "90 min"),
        ("RadiopharmaceuticalStopTime", "100030", ""),
        ("RadiopharmaceuticalStopTime", "095500", ""),
        ("RadiopharmaceuticalStopTime", "", ""),
        ("RadiopharmaceuticalStopDateTime", "20250103100000", ""),
    ],
)
def test_an_infusion_is_no_bolus(tmp_path, keyword, value, minutes):
    source = made_pet(tmp_path, lambda ds, k: setattr(drug_of(ds), keyword, value))
    assert source.units == "SUVbw"
    said = told(source, "the whole dose was taken as given at the start")
    assert bool(said) == bool(minutes)
    assert not minutes or f"given over {minutes}" in said[0]
