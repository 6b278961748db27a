"""SUVbw where the header allows it, equal to the value by hand; the reason where it does not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from coconet_med.readers.dicom import read_series

#: 70 kg, 200 MBq, injected at 10:15, series at 11:00, half-life 6586.2 s: 70000 / (2e8 x 2^(-2700/6586.2)).
BY_HAND = 4.6502e-4


def _drug(ds):
    return ds.RadiopharmaceuticalInformationSequence[0]


def test_the_factor_equals_the_value_by_hand(tmp_path):
    stored = classic(tmp_path, "PT", slopes=[3.0] * 6)
    source = read_series(tmp_path, "function")
    factor = source.details["suv"]["factor"]
    assert factor == pytest.approx(BY_HAND, rel=1e-4)
    assert factor == pytest.approx(70000 / (2e8 * 2 ** (-2700 / 6586.2)), rel=1e-12)
    assert source.units == "SUVbw"
    assert json.loads(json.dumps(source.details)) == source.details
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), stored * 3.0 * factor, rtol=1e-6)


def _minutes(edit) -> float:
    """Decay time in minutes that an edit of the header implies, by its factor."""

    def read(tmp_path):
        classic(tmp_path, "PT", edit=edit)
        source = read_series(tmp_path, "function")
        assert source.units == "SUVbw", source.warnings
        return math.log2(source.details["suv"]["factor"] * 2e8 / 70000) * 6586.2 / 60

    return read


def _clock_only(start):
    def edit(ds, k):
        del _drug(ds).RadiopharmaceuticalStartDateTime
        _drug(ds).RadiopharmaceuticalStartTime = start

    return edit


def _midnight(ds, k):
    _clock_only("235000")(ds, k)
    ds.SeriesTime = ds.AcquisitionTime = "003000"


def _full_date_wins(ds, k):
    _drug(ds).RadiopharmaceuticalStartTime = "010000"


def _post_processed(ds, k):
    ds.SeriesTime, ds.AcquisitionTime = "180000", f"11{k + 5:02d}00"


def _one_kilogram(ds, k):
    ds.PatientWeight, ds.PatientSize = "1", "1.75"


def _only_the_date_of_injection(ds, k):
    _drug(ds).RadiopharmaceuticalStartDateTime, _drug(ds).RadiopharmaceuticalStartTime = "20240301000000", "102000"


def _administration(ds, k):
    ds.DecayCorrection = "ADMIN"


@pytest.mark.parametrize(
    ("edit", "minutes"),
    [
        (lambda ds, k: None, 45),
        (_clock_only("102000"), 40),
        (_midnight, 40),
        (_full_date_wins, 45),
        (_only_the_date_of_injection, 40),
        (_post_processed, 50),
        (_administration, 0),
    ],
)
def test_decay_is_counted_from_injection_to_the_reference_time(tmp_path, edit, minutes):
    assert _minutes(edit)(tmp_path) == pytest.approx(minutes, abs=1e-6)


def test_injection_on_the_day_before_is_said(tmp_path):
    classic(tmp_path, "PT", edit=_midnight)
    assert any("taken as the day before" in w for w in read_series(tmp_path, "function").warnings)


def test_a_blanked_time_of_injection_beside_a_stated_one_is_said(tmp_path):
    classic(tmp_path, "PT", edit=_only_the_date_of_injection)
    said = " ".join(read_series(tmp_path, "function").warnings)
    assert "Start DateTime says 00:00:00, as if blanked; Start Time 10:20:00 was taken" in said


@pytest.mark.parametrize(("weight", "height"), [("3.5", "0.5"), ("70", "175"), ("0.3", "0.25"), ("30", "1.75")])
def test_small_bodies_and_heights_in_centimeters_keep_their_suv(tmp_path, weight, height):
    def edit(ds, k):
        ds.PatientWeight, ds.PatientSize = weight, height

    classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.details["suv"]["factor"] == pytest.approx(BY_HAND * float(weight) / 70, rel=1e-4)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda ds, k: setattr(ds, "PatientWeight", "0"), "patient weight of 0 kg is not plausible"),
        (_one_kilogram, "patient weight of 1 kg is not plausible at a height of 1.75 m"),
        (lambda ds, k: setattr(ds, "PatientWeight", "70000"), "patient weight of 70000 kg is not plausible"),
        (lambda ds, k: delattr(ds, "PatientWeight"), "patient weight is missing"),
        (lambda ds, k: setattr(ds, "PatientWeight", "70" if k else "80"), "patient weight differs"),
        (lambda ds, k: setattr(_drug(ds), "RadionuclideTotalDose", "200"), "injected dose of 200 Bq is not plausible"),
        (lambda ds, k: setattr(ds, "CorrectedImage", ["DECY"]), "not corrected for ATTN"),
        (lambda ds, k: setattr(ds, "DecayCorrection", "NONE"), "Decay Correction is 'NONE'"),
        (lambda ds, k: setattr(ds, "Units", "CNTS"), "no Philips SUV scale factor"),
        (lambda ds, k: setattr(_drug(ds), "RadiopharmaceuticalStartDateTime", "20240302101500"), "lies after the scan"),
        (lambda ds, k: setattr(_drug(ds), "RadiopharmaceuticalStartDateTime", "20240201101500"), "half-lives before"),
        (lambda ds, k: delattr(_drug(ds), "RadiopharmaceuticalStartDateTime"), "injection time"),
        (lambda ds, k: delattr(_drug(ds), "RadionuclideHalfLife"), "half-life is missing"),
    ],
)
def test_without_a_trustworthy_factor_the_values_stay_and_the_reason_is_reported(tmp_path, edit, reason):
    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units in ("Bq/ml", "counts")
    assert any(warning.startswith("no SUV: ") and reason in warning for warning in source.warnings)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


def test_an_enhanced_object_is_decay_corrected_to_the_time_that_it_states(tmp_path):
    def corrected(ds, k):
        del ds.CorrectedImage, ds.DecayCorrection, ds.Units
        ds.AttenuationCorrected = ds.DecayCorrected = "YES"
        ds.DecayCorrectionDateTime = "20240301110000.000000+0100"

    enhanced(tmp_path, "EPT", slopes=[2.0] * 6, edit=corrected)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw"
    assert source.details["suv"]["factor"] == pytest.approx(BY_HAND, rel=1e-4)


def _raw(ds, keyword, vr, text):
    """Put a text into a data set as it would stand in a file, valid or not."""
    value = text.encode() + b" " * (len(text) % 2)
    delattr(ds, keyword)
    ds._dict[Tag(keyword)] = RawDataElement(Tag(keyword), vr, len(value), value, 0, False, True)


@pytest.mark.parametrize(
    ("stated", "units"), [("bqml", "SUVbw"), ("BQ/ML", "SUVbw"), ("g/ml", "SUVbw"), ("MBQML", "MBQML")]
)
def test_units_are_known_however_they_are_spelled(tmp_path, stated, units):
    classic(tmp_path, "PT", edit=lambda ds, k: _raw(ds, "Units", "CS", stated))
    assert read_series(tmp_path, "function").units == units


@pytest.mark.parametrize("text", ["70,5", "70 kg"])
def test_a_weight_that_is_no_number_is_not_called_missing(tmp_path, text):
    classic(tmp_path, "PT", edit=lambda ds, k: _raw(ds, "PatientWeight", "DS", text))
    warnings = read_series(tmp_path, "function").warnings
    assert any(f"patient weight is '{text}', which is not a number; DICOM asks for kg" in w for w in warnings)
