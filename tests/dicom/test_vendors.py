"""Private attributes: scan start of GE and Siemens, factors of Philips, with and without their creator."""

from __future__ import annotations

import pytest
import SimpleITK as sitk
from dicom_phantom import classic, save
from pet_times import factor_by_hand, factor_of, read_pet, said, series_at, timed
from pydicom.uid import ImplicitVRLittleEndian

from coconet_med.readers.dicom import read_series


def _ge(value, creator=True, block=0x10):
    def edit(ds, k):
        ds.Manufacturer = "GE MEDICAL SYSTEMS"
        if creator:
            ds.add_new((0x0009, block), "LO", "GEMS_PETD_01")
        ds.add_new((0x0009, block * 0x100 + 0x0D), "DT", value)

    return edit


def _siemens(value, creator=True):
    def edit(ds, k):
        ds.Manufacturer = "SIEMENS"
        if creator:
            ds.add_new(0x00710010, "LO", "SIEMENS MED PT")
        ds.add_new(0x00711022, "DT", value)

    return edit


def _both(*edits):
    def edit(ds, k):
        for one in edits:
            one(ds, k)

    return edit


def _bare(ds, k):
    """No Frame Reference Time, no Decay Factor: only what is stated outright is left."""
    del ds.FrameReferenceTime


VENDORS = [_ge("20240301110000.00"), _ge("20240301110000.00", block=0x11), _siemens("20240301110000.000000")]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("altered", ["150000", "000000", "105000"])
def test_the_private_time_goes_before_a_series_time(tmp_path, vendor, altered):
    source = read_pet(tmp_path, timed(1800, factor=False, edit=_both(series_at(altered), _bare, vendor)))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    if altered == "105000":  # QIBA would take the series time, IBSI takes the private one: both are reported
        effect = 2 ** (-600 / 6586.2)
        assert f"Series Date and Time say 2024-03-01 10:50:00, by which SUV 1.00 would be {effect:.3g}" in said(source)


def test_a_private_time_without_its_creator_is_read_and_that_is_said(tmp_path):
    edit = _both(series_at("150000"), _bare, _siemens("20240301110000", creator=False))
    source = read_pet(tmp_path, timed(1800, factor=False, edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert "its private creator missing" in said(source)


def test_a_private_time_that_de_identification_left_on_another_day_loses(tmp_path):
    source = read_pet(tmp_path, timed(1800, edit=_siemens("20240229103000")))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6)
    assert "Siemens decay correction time (0071,1022) says 2024-02-29 10:30:00" in said(source)


@pytest.mark.parametrize("vendor", [_ge("20240229110000.00"), _siemens("20240614110000.000000")])
def test_a_private_time_at_the_time_of_day_of_the_series_is_of_its_day(tmp_path, vendor):
    source = read_pet(tmp_path, timed(1800, edit=vendor))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6)
    assert source.warnings == ()
    assert "on the day of the series" in source.details["suv"]["rule"]


def test_a_private_element_of_another_creator_is_not_read(tmp_path):
    def other(ds, k):
        ds.add_new(0x00090010, "LO", "SOMEBODY ELSE")
        ds.add_new(0x0009100D, "DT", "20240301093000")

    source = read_pet(tmp_path, timed(edit=other))
    assert source.warnings == ()


def _philips(*, creator=True, suv=None, activity=None, weight="70"):
    def edit(ds, k):
        ds.Manufacturer, ds.Units, ds.PatientWeight = "Philips Medical Systems", "CNTS", weight
        if creator:
            ds.add_new(0x70530010, "LO", "Philips PET Private Group")
        if suv is not None:
            ds.add_new(0x70531000, "DS", suv)
        if activity is not None:
            ds.add_new(0x70531009, "DS", activity)

    return edit


@pytest.mark.parametrize(
    ("edit", "factor"),
    [
        (_philips(suv="0.0005"), 0.0005),
        (_philips(suv="0.0005", creator=False), 0.0005),
        (_philips(activity="0.5"), 0.5 * factor_by_hand(45)),
        (_philips(activity="0.5", creator=False), 0.5 * factor_by_hand(45)),
        (_philips(suv="0", activity="0.5"), 0.5 * factor_by_hand(45)),
        (_philips(suv="0.0005", activity="0.5"), 0.0005),
    ],
)
@pytest.mark.parametrize("implicit", [False, True])
def test_philips_counts_become_suv_by_its_factors(tmp_path, edit, factor, implicit):
    finish = (lambda ds, path: save(ds, path, ImplicitVRLittleEndian)) if implicit else None
    stored = classic(tmp_path, "PT", slopes=[2.0] * 6, edit=_both(timed(), edit), finish=finish)
    source = read_series(tmp_path, "function")
    assert factor_of(source) == pytest.approx(factor, rel=1e-9)
    assert sitk.GetArrayFromImage(source.image).max() == pytest.approx(2.0 * factor * stored.max(), rel=1e-6)


def test_a_missing_creator_is_named(tmp_path):
    text = said(read_pet(tmp_path, timed(edit=_philips(suv="0.0005", creator=False))))
    assert (
        "(7053,1000) was read although its private creator 'Philips PET Private Group' (7053,0010) is missing" in text
    )


def test_philips_factors_that_contradict_each_other_are_named(tmp_path):
    text = said(read_pet(tmp_path, timed(edit=_philips(suv="0.0005", activity="2"))))
    assert f"by (7053,1009), weight and dose SUV 1.00 would be {2 * factor_by_hand(45) / 0.0005:.3g}" in text


def test_the_reason_says_what_is_there(tmp_path):
    text = said(read_pet(tmp_path, timed(edit=_philips(suv="0"))))
    assert "SUV scale factor (7053,1000: 0) nor activity scale factor (7053,1009: not there)" in text


def test_an_activity_factor_gives_bq_per_ml_where_suv_is_not_possible_or_not_wanted(tmp_path):
    stored = classic(tmp_path / "a", "PT", edit=_both(timed(), _philips(activity="0.5", weight="0")))
    source = read_series(tmp_path / "a", "function")
    assert source.units == "Bq/ml"
    assert "patient weight of 0 kg" in said(source)
    assert sitk.GetArrayFromImage(source.image).max() == pytest.approx(0.5 * stored.max())
    classic(tmp_path / "b", "PT", edit=_both(timed(), _philips(activity="0.5")))
    wanted = read_series(tmp_path / "b", "function", suv="never")
    assert (wanted.units, sitk.GetArrayFromImage(wanted.image).max()) == ("Bq/ml", 0.5 * stored.max())


@pytest.mark.parametrize("suv", [{"suv": "0.0005"}, {"activity": "0.5"}])
def test_counts_that_are_not_corrected_for_attenuation_are_no_suv(tmp_path, suv):
    def uncorrected(ds, k):
        ds.CorrectedImage = ["DECY", "RADL", "RAN"]

    source = read_pet(tmp_path, timed(edit=_both(_philips(**suv), uncorrected)))
    assert source.units == "counts"
    assert "no SUV: units are CNTS, and not corrected for ATTN (Corrected Image)" in said(source)
