"""What SUV needs, from the names of BIDS and from those that dcm2niix copies from DICOM."""

from __future__ import annotations

import pytest
from pet_cases import BY_HAND, suv_by_it, write_json

from coconet_med.readers.pet_json import facts_of

#: What dcm2niix 1.0.20260724 wrote for 200 MBq of F-18, 45 min before the series; the frame begins 30 min into it.
DCM2NIIX = {
    **{"Units": "Bq/mL", "TracerName": "FDG", "RadionuclideHalfLife": 6586.2, "PatientWeight": 70},
    **{"InjectedRadioactivity": 200, "InjectedRadioactivityUnits": "MBq"},
    **{"SeriesTime": "11:00:00", "AcquisitionTime": "11:30:00.000000", "ScanStart": 0},
    **{"FrameTimesStart": [1800], "FrameDuration": [600], "ImageDecayCorrected": True},
}
_START = {"DecayCorrection": "START", "DecayCorrectionFactor": [1.2473], "ImageDecayCorrectionTime": 0}
_ADMIN = {"DecayCorrection": "ADMIN", "DecayCorrectionFactor": [1.657], "ImageDecayCorrectionTime": -2700}


def test_what_dcm2niix_leaves_out_is_named(pet):
    write_json(pet, DCM2NIIX, **_START)
    assert "InjectionStart is missing (seconds from TimeZero; dcm2niix" in suv_by_it(pet).reason
    write_json(pet, DCM2NIIX, **_START, InjectionStart=-2700)
    assert (suv_by_it(pet).factor, suv_by_it(pet).warnings) == (pytest.approx(BY_HAND, rel=1e-9), ())


def test_values_corrected_to_the_injection_need_no_time_of_it(pet):
    write_json(pet, DCM2NIIX, **_ADMIN)
    assert (suv_by_it(pet).factor, suv_by_it(pet).warnings) == (pytest.approx(70000 / 2e8, rel=1e-9), ())
    write_json(pet, DCM2NIIX, **_ADMIN, InjectionStart=0)
    assert "ADMIN (to the injection), but ImageDecayCorrectionTime is -2700 s" in suv_by_it(pet).reason
    write_json(pet, DCM2NIIX, DecayCorrection="NONE", InjectionStart=-2700, ImageDecayCorrectionTime=0)
    assert "ImageDecayCorrected is true, but DecayCorrection says NONE" in suv_by_it(pet).reason


def test_the_factor_of_decay_counts_by_either_name(pet):
    write_json(pet, DCM2NIIX, **_START | {"ImageDecayCorrectionTime": 1800}, InjectionStart=-2700)
    assert "by DecayFactor values are corrected to" in suv_by_it(pet).warnings[0]


@pytest.mark.parametrize(
    ("more", "share", "reason"),
    [
        ({"RadionuclideTotalDose": 2e8, "InjectedRadioactivity": None, "InjectedRadioactivityUnits": None}, 1.0, ""),
        ({"RadionuclideTotalDose": 200499992}, 1.0, ""),
        ({"RadionuclideTotalDose": 2.2e8}, None, "is 200 MBq, and RadionuclideTotalDose is 2.2e+08 Bq"),
        ({"InjectedRadioactivity": 2e8}, None, "of 2e+08 MBq is not plausible (Bq, it seems)"),
        ({"AttenuationCorrectionMethod": "NONE, 0.000000 cm-1"}, None, "not corrected for attenuation"),
        ({"AttenuationCorrectionMethod": "CT-derived mu-map"}, 1.0, ""),
    ],
)
def test_keys_of_dicom_stand_in_where_those_of_bids_are_missing(pet, more, share, reason):
    write_json(pet, **more)
    found = suv_by_it(pet)
    assert reason in found.reason
    assert found.factor == (None if share is None else pytest.approx(BY_HAND * share, rel=1e-9))


def test_frames_that_dicom_calls_uncorrected_have_no_mean(pet):
    write_json(pet, ImageDecayCorrected=None, DecayCorrection="NONE")
    assert facts_of(pet).decay_corrected is False
    write_json(pet, ImageDecayCorrected=None, DecayCorrection="START")
    assert facts_of(pet).decay_corrected is True
