"""SUV of a NIfTI PET by what is stated beside it, as by hand; the true reason where it is not possible."""

from __future__ import annotations

import math

import pytest
import SimpleITK as sitk
from pet_cases import BY_HAND, suv_by_it, write_json

from coconet_med.errors import OptionError
from coconet_med.readers import read
from coconet_med.readers.pet_json import facts_of
from coconet_med.readers.pet_suv import insist_on_suv, suv_of


def test_a_pet_becomes_suv_by_the_json_file_beside_it(pet):
    write_json(pet)
    plain = read(pet, "function")
    peak = float(sitk.GetArrayFromImage(plain.image).max())
    assert (plain.units, plain.warnings) == ("Bq/ml", ())
    made = insist_on_suv(plain)
    assert (made.units, made.details["suv"]["applied"]) == ("SUVbw", True)
    assert float(sitk.GetArrayFromImage(made.image).max()) == pytest.approx(peak * BY_HAND, rel=1e-6)
    assert insist_on_suv(made) is made


@pytest.mark.parametrize(
    ("more", "share"),
    [
        ({}, 1.0),
        ({"Units": "kBq/mL"}, 1e3),
        ({"InjectedRadioactivity": 2e8, "InjectedRadioactivityUnits": "Bq"}, 1.0),
        ({"InjectedRadioactivity": 200 / 37, "InjectedRadioactivityUnits": "mCi"}, 1.0),
        ({"BodyWeight": 70000, "BodyWeightUnits": "g"}, 1.0),
        ({"BodyWeight": None, "PatientWeight": 35}, 0.5),
        ({"InjectionStart": 0, "ImageDecayCorrectionTime": 2700}, 1.0),
        ({"InjectionStart": 10, "ImageDecayCorrectionTime": 0}, 2 ** (-2710 / 6586.2)),
        ({"TracerRadionuclide": "[18F]"}, 1.0),
        ({"TracerRadionuclide": "C11"}, 2 ** (2700 / 1221.8 - 2700 / 6586.2)),
        ({"InjectionStart": [-2700]}, 1.0),
        ({"BodyWeight": "70"}, 1.0),
        ({"BodyWeight": " 70 kg "}, 1.0),
        ({"BodyWeight": "70000g"}, 1.0),
        ({"InjectedRadioactivity": "200", "InjectionStart": "-2700", "ImageDecayCorrectionTime": ["0"]}, 1.0),
    ],
)
def test_the_factor_is_that_by_hand(pet, more, share):
    write_json(pet, **more)
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND * share, rel=1e-9), suv_by_it(pet).reason


def test_a_frame_that_is_not_decay_corrected_is_so_at_its_mean_count_time(pet):
    rate = math.log(2) / 6586.2
    mean = -math.log((1 - math.exp(-rate * 600)) / (rate * 600)) / rate
    write_json(pet, ImageDecayCorrected=False, ImageDecayCorrectionTime=None, FrameTimesStart=[300])
    assert suv_by_it(pet).factor == pytest.approx(70000 / (2e8 * 2 ** (-(2700 + 300 + mean) / 6586.2)), rel=1e-9)
    write_json(pet, ImageDecayCorrected=False, FrameTimesStart=[0, 300], FrameDuration=[300, 600])
    assert "not those of one frame" in suv_by_it(pet).reason
    chosen = suv_of(facts_of(pet), frame=1)
    assert chosen.factor == pytest.approx(70000 / (2e8 * 2 ** (-(2700 + 300 + mean) / 6586.2)), rel=1e-9)


def test_frames_whose_starts_do_not_rise_give_no_suv_where_it_hangs_on_them(pet):
    """As dcm2niix 1.0.20260724 writes them past midnight (findings/dcm2niix-past-midnight.sh)."""
    times = {"FrameTimesStart": [0, 300, 0, 0], "FrameDuration": [300, 600, 600, 600]}
    write_json(pet, ImageDecayCorrected=False, **times)
    found = suv_of(facts_of(pet), frame=3)
    assert found.factor is None
    assert "does not rise (back to 0 s" in found.reason
    write_json(pet, **times)  # corrected to one moment: no start is needed
    assert suv_of(facts_of(pet), frame=3).factor == pytest.approx(BY_HAND, rel=1e-9)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BodyWeight": None}, "body weight is missing (BodyWeight of the JSON file, or weight in participants.tsv)"),
        (
            {"BodyWeight": "seventy"},
            "body weight cannot be read: BodyWeight of the JSON file is 'seventy', which is no",
        ),
        ({"BodyWeight": "70,5"}, "BodyWeight of the JSON file is '70,5', which is no number of kg, g or lb"),
        ({"BodyWeight": "70 stone"}, "BodyWeight of the JSON file is '70 stone', which is no number"),
        ({"BodyWeightUnits": "stone"}, "BodyWeight of the JSON file is 70 stone, which is no number of kg, g or lb"),
        ({"BodyWeight": "n/a"}, "body weight is missing"),
        ({"BodyWeight": True}, "BodyWeight of the JSON file is True, which is no number"),
        ({"BodyWeight": 70000}, "body weight of 70000 kg (BodyWeight of the JSON file) is not plausible"),
        ({"InjectedRadioactivity": None}, "InjectedRadioactivity is missing"),
        ({"InjectedRadioactivity": "n/a"}, "InjectedRadioactivity is 'n/a', not a number"),
        ({"InjectedRadioactivityUnits": None}, "InjectedRadioactivityUnits are 'missing'"),
        ({"InjectedRadioactivityUnits": "GBq", "InjectedRadioactivity": 200}, "of 200 GBq is not plausible"),
        ({"TracerRadionuclide": "Xx9"}, "half-life of 'Xx9'"),
        ({"RadionuclideHalfLife": 109.8}, "RadionuclideHalfLife of 109.8 s is not that of F18 (6586.2 s)"),
        ({"InjectionStart": None}, "InjectionStart is missing"),
        ({"InjectionStart": "10:15:00"}, "InjectionStart is '10:15:00', expected seconds from TimeZero"),
        ({"ImageDecayCorrected": "yes"}, "ImageDecayCorrected is 'yes', expected true or false"),
        ({"InjectionStart": 900}, "the injection (900 s) lies after the scan"),
        ({"InjectionStart": -99999}, "the injection lies 15 half-lives before the scan"),
        ({"ImageDecayCorrected": None}, "ImageDecayCorrected is missing"),
        ({"ImageDecayCorrectionTime": None}, "ImageDecayCorrectionTime is missing"),
        ({"Units": None}, "Units are 'not stated'"),
        ({"Units": "unitless"}, "Units are 'unitless'"),
        ({"AttenuationCorrection": "none"}, "not corrected for attenuation"),
    ],
)
def test_without_what_suv_needs_the_true_reason_is_reported(pet, more, reason):
    write_json(pet, **more)
    suv = suv_by_it(pet)
    assert suv.factor is None
    assert reason in suv.reason
    with pytest.raises(OptionError, match="there is no SUV: "):
        insist_on_suv(read(pet, "function"))


def test_an_injection_at_the_start_of_a_static_scan_gives_a_warning(pet):
    write_json(pet, InjectionStart=0)
    assert f"if it was an hour before, SUV 1.00 would be {2 ** (3600 / 6586.2):.3g}" in suv_by_it(pet).warnings[0]


def test_a_dose_in_kilobecquerels_called_becquerels_gives_no_suv(pet):
    write_json(pet, InjectedRadioactivity=200000, InjectedRadioactivityUnits="Bq")
    assert suv_by_it(pet).factor is None
    assert "a dose of 200000 Bq is not plausible at a body weight of 70 kg" in suv_by_it(pet).reason


def test_more_activity_than_was_injected_is_reported(pet):
    """kBq/ml called MBq/ml, and a dose of 1 MBq: a thousand times too much is no body's."""
    write_json(pet, Units="MBq/mL", InjectedRadioactivity=1)
    warnings = " ".join(insist_on_suv(read(pet, "function")).warnings)
    assert "times the injected activity, so dose, weight, times or slopes are wrong" in warnings
    write_json(pet)
    assert "injected activity" not in " ".join(insist_on_suv(read(pet, "function")).warnings)


def test_a_radionuclide_that_is_not_of_the_tracer_is_reported(pet):
    write_json(pet, TracerRadionuclide="C11")
    assert suv_by_it(pet).warnings == (
        "SUV: the half-life of 1221.8 s was taken, but the tracer is called FDG (6586.2 s)",
    )


def test_microcuries_are_becquerels_in_suv(pet):
    write_json(
        pet, Units="uCi/cc", BodyWeight="154.3 lbs", InjectedRadioactivityUnits=None, InjectedRadioactivityUnit="MBq"
    )
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND * 3.7e4, rel=1e-3)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"AttenuationCorrection": "NAC"}, "not corrected for attenuation"),
        ({"AttenuationCorrection": "No attenuation correction applied"}, "not corrected for attenuation"),
        ({"AttenuationCorrection": "Not corrected"}, "not corrected for attenuation"),
        ({"AttenuationCorrection": "uncorrected"}, "not corrected for attenuation"),
        ({"AttenuationCorrection": "non-AC"}, "not corrected for attenuation"),
        ({"AttenuationCorrection": "none"}, "not corrected for attenuation"),
        ({"RadionuclideHalfLife": 109.77, "TracerRadionuclide": None}, "109.77 s is not plausible (minutes, it seems"),
        ({"RadionuclideHalfLife": 78.4, "TracerRadionuclide": None}, "78.4 s is not plausible (hours, it seems"),
        ({"ImageDecayCorrected": False, "FrameDuration": [600000]}, "FrameDuration of 600000 s is not plausible (ms"),
        ({"InjectedRadioactivity": [100, 100]}, "InjectedRadioactivity is '[100, 100]', not a number"),
    ],
)
def test_a_slip_of_units_and_a_correction_that_was_not_made_give_no_suv(pet, more, reason):
    write_json(pet, **more)
    assert reason in suv_by_it(pet).reason


@pytest.mark.parametrize(
    "text",
    [
        "CT",
        "Non-TOF, CT-based",
        "CTAC, no scatter correction",
        "[68Ge] transmission",
        "measured, AC based on low-dose CT",
        "NONLINEAR u-map",
        "Dixon MRAC",
    ],
)
def test_a_correction_in_free_words_is_one(pet, text):
    write_json(pet, AttenuationCorrection=text)
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND)


def test_an_injection_some_seconds_before_a_static_scan_may_be_in_minutes(pet):
    write_json(pet, InjectionStart=-45)
    (note,) = suv_by_it(pet).warnings
    assert "45 s before a scan of one frame; if these are minutes, SUV 1.00 would be 1.32" in note
    write_json(pet, InjectionStart=-45, FrameTimesStart=[0, 300], FrameDuration=[300, 300])
    assert suv_by_it(pet).warnings == ()


def test_an_image_with_next_to_nothing_in_it_is_doubted(pet):
    write_json(pet, InjectedRadioactivity=80000)  # so that SUV is far below any tissue's
    said = insist_on_suv(read(pet, "function")).warnings
    assert any("no body has so little everywhere" in note for note in said)


@pytest.mark.parametrize(("minutes", "said"), [(50, True), (0, False)])
def test_a_decay_factor_that_contradicts_the_times_is_said(pet, minutes, said):
    """dcm2niix issue 983: a frame of 50 to 70 min whose time zero is its own start, while its DecayFactor is 1.46."""
    rate = math.log(2) / 6586.2
    factor = math.exp(rate * 60 * minutes) * rate * 1200 / (1 - math.exp(-rate * 1200))
    write_json(pet, FrameDuration=[1200], DecayFactor=[round(factor, 5)])
    notes = [note for note in suv_by_it(pet).warnings if "by DecayFactor values are corrected to -" in note]
    assert len(notes) == said
    assert all(note.endswith("by the former SUV 1.00 would be 0.729") for note in notes)
    write_json(pet, FrameDuration=[1200], DecayFactor=[1])
    assert suv_by_it(pet).warnings == ()


@pytest.mark.parametrize(("mode", "said"), [("infusion", True), ("bolus-infusion", True), ("bolus", False)])
def test_an_infusion_is_no_bolus(pet, mode, said):
    write_json(pet, ModeOfAdministration=mode)
    assert any(f"given as '{mode}'" in note for note in suv_by_it(pet).warnings) == said


def test_two_radionuclides_have_no_half_life(pet):
    write_json(pet, TracerRadionuclide="F18, C11")
    assert "half-life of 'F18, C11' (TracerRadionuclide) is not known" in suv_by_it(pet).reason
