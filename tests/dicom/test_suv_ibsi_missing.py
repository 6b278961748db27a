"""Objects of the kinds of IBSI-SUV without what SUV needs say what is missing."""

from __future__ import annotations

import pytest
from suv_cases import drug_of, late_frame, made_pet, setting


def _without(keyword, drug=False):
    return lambda ds, k: delattr(drug_of(ds) if drug else ds, keyword)


def _of_drug(keyword, found):
    return lambda ds, k: setattr(drug_of(ds), keyword, found)


def _long_ago(ds, k):
    """Zirconium 89, days before, without a date or with one that was put in by de-identification."""
    drug_of(ds).RadionuclideHalfLife = "282276"
    del drug_of(ds).RadiopharmaceuticalStartDateTime


def _anonymized(ds, k):
    drug_of(ds).RadionuclideHalfLife = "282276"
    drug_of(ds).RadiopharmaceuticalStartDateTime = "19000101100000"


def _late_without_duration(ds, k):
    late_frame("Synthetic", "mean")(ds, k)
    del ds.ActualFrameDuration


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_without("PatientWeight"), "patient weight is missing"),
        (setting(PatientWeight="0"), "patient weight of 0 kg"),
        (setting(Units="GML", SUVType="IBW", PatientSex=""), "patient's sex is 'missing'"),
        (setting(Units="GML", SUVType="IBW", PatientSex="X"), "patient's sex is 'X'"),
        (
            lambda ds, k: (setting(Units="GML", SUVType="IBW")(ds, k), delattr(ds, "PatientSize")),
            "patient height is missing",
        ),
        (setting(Units="GML", SUVType="IBW", PatientSize="0"), "patient height of 0 m"),
        (setting(Units="CNTS"), "there is no Philips SUV scale factor"),
        (setting(Units="PROPCNTS"), "units are 'PROPCNTS'"),
        (setting(Units="PROPCPS"), "units are 'PROPCPS'"),
        (_without("RadionuclideTotalDose", drug=True), "injected dose is missing"),
        (_of_drug("RadionuclideTotalDose", "-1"), "injected dose of -1 Bq"),
        (_late_without_duration, "Actual Frame Duration do not tell it"),
        (
            lambda ds, k: (
                _without("RadiopharmaceuticalStartDateTime", drug=True)(ds, k),
                _without("RadiopharmaceuticalStartTime", drug=True)(ds, k),
            ),
            "injection time (Radiopharmaceutical Start DateTime) is missing",
        ),
        (_long_ago, "injection date is missing"),
        (_anonymized, "half-lives before the scan"),
        (_without("RadionuclideHalfLife", drug=True), "half-life is missing"),
    ],
)
def test_objects_without_what_suv_needs_say_what_is_missing(tmp_path, edit, reason):
    """error_2_0 to error_5_0."""
    source = made_pet(tmp_path, edit)
    assert source.units != "SUVbw"
    assert any(w.startswith("no SUV: ") and reason in w for w in source.warnings), source.warnings
