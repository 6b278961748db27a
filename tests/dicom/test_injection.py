"""The injection of a PET series: slips in its time give no SUV, and the true reason."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic
from pet_times import factor_by_hand, factor_of, read_pet, said, timed

from coconet_med.readers.dicom import read_series


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: setattr(d, "RadiopharmaceuticalStartDateTime", "20240301000000"), "the injection time is 00:00:00"),
        (lambda d: setattr(d, "RadiopharmaceuticalStartDateTime", "20240301130000"), "lies after the scan"),
        (
            lambda d: setattr(d, "RadionuclideHalfLife", "109.77"),
            "109.77 s is not plausible (minutes, it seems; DICOM asks for seconds)",
        ),
        (lambda d: setattr(d, "RadionuclideTotalDose", "200"), "MBq, it seems"),
        (lambda d: setattr(d, "RadionuclideTotalDose", "-2e8"), "is not plausible"),
        (
            lambda d: d.add_new("RadiopharmaceuticalStartDateTime", "LO", "2024-03-01T10:00:00"),
            "DateTime is '2024-03-01T10:00:00', which is no DICOM date and time (YYYYMMDDHHMMSS)",
        ),
    ],
)
def test_slips_in_the_injection_give_no_suv_and_the_true_reason(tmp_path, edit, reason):
    source = read_pet(tmp_path, timed(edit=lambda ds, k: edit(ds.RadiopharmaceuticalInformationSequence[0])))
    assert source.units == "Bq/ml"
    assert reason in said(source)


def test_a_date_and_time_that_cannot_be_read_gives_way_to_the_time_and_says_so(tmp_path):
    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartTime = drug.RadiopharmaceuticalStartDateTime[8:14]
        drug.add_new("RadiopharmaceuticalStartDateTime", "LO", "2024-03-01T10:00:00")

    plain = read_pet(tmp_path / "plain", timed())
    source = read_pet(tmp_path / "odd", timed(edit=edit))
    assert source.units == plain.units == "SUVbw"
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), sitk.GetArrayFromImage(plain.image), rtol=1e-6)
    assert "'2024-03-01T10:00:00' is no DICOM date and time; Start Time" in said(source)


def test_an_injection_by_the_clock_after_the_scan_says_so(tmp_path):
    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        del drug.RadiopharmaceuticalStartDateTime
        drug.RadiopharmaceuticalStartTime = "130000"

    source = read_pet(tmp_path, timed(edit=edit))
    assert "the injection time (13:00:00) lies after the scan (11:20:00), and on the day before it would be 12" in said(
        source
    )


def test_two_injection_times_that_differ_are_both_named(tmp_path):
    def edit(ds, k):
        ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "093000"

    text = said(read_pet(tmp_path, timed(edit=edit)))
    assert "DateTime says 2024-03-01 10:15:00, Radiopharmaceutical Start Time 09:30:00" in text


def test_a_clock_that_was_moved_without_the_injection_gives_no_suv(tmp_path):
    """As dicognito 0.19.0 does (findings/deidentified-pet-clock.sh): Start Time stays where it was."""

    def edit(*, with_date, method):
        def apply(ds, k):
            ds.DeidentificationMethod = method
            drug = ds.RadiopharmaceuticalInformationSequence[0]
            drug.RadiopharmaceuticalStartTime = "091500"  # the scan, moved by an hour, began at 11:00, 45 min after
            if not with_date:
                del drug.RadiopharmaceuticalStartDateTime

        return timed(edit=apply)

    moved = read_pet(tmp_path / "moved", edit(with_date=False, method=["OURS", "DICOGNITO"]))
    assert moved.units == "Bq/ml"
    assert "de-identified by DICOGNITO, which moves the times of the scan by hours" in said(moved)
    dated = read_pet(tmp_path / "dated", edit(with_date=True, method="DICOGNITO"))
    assert (dated.units, factor_of(dated)) == ("SUVbw", pytest.approx(factor_by_hand(45), rel=1e-6))
    other = read_pet(tmp_path / "other", edit(with_date=False, method="OURS"))
    assert factor_of(other) == pytest.approx(factor_by_hand(105), rel=1e-6)


def test_more_activity_than_was_injected_is_reported(tmp_path):
    """A slope a million times too large in one slice: no other number of the header is odd."""
    reported = "times the injected activity, so dose, weight, times or slopes are wrong"
    classic(tmp_path / "right", "PT", slopes=[1.0] * 6)
    assert reported not in said(read_series(tmp_path / "right", "function"))
    classic(tmp_path / "wrong", "PT", slopes=[1, 1, 1, 1, 1, 1e6])
    source = read_series(tmp_path / "wrong", "function")
    image = sitk.GetArrayFromImage(source.image)
    held = image.sum(dtype=np.float64) * 1.5 * 1.25 * 2.0 / 1000 / 70000
    assert f"SUV: the image holds {held:.3g} {reported}" in said(source)


@pytest.mark.parametrize("day", ["20240302", "20240228", "20260301"])
def test_a_date_that_de_identification_moved_gives_way_to_the_time_of_day_that_two_attributes_state(tmp_path, day):
    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartTime = drug.RadiopharmaceuticalStartDateTime[8:14]
        drug.RadiopharmaceuticalStartDateTime = day + drug.RadiopharmaceuticalStartTime

    source = read_pet(tmp_path, timed(edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert f"DateTime {day[:4]}-{day[4:6]}-{day[6:]} 10:15:00 cannot be of this scan; Start Time was taken" in said(
        source
    )


@pytest.mark.parametrize(
    ("stated", "wall", "nuclide", "reason"),
    [
        ("20240302101500", "111500", "F18", "lies after the scan"),  # another time of day
        ("20240301130000", "130000", "F18", "lies after the scan"),  # on the day of the scan
        ("20230101101500", "101500", "Zr89", "half-lives before the scan"),  # may have been given days before
    ],
)
def test_a_date_that_cannot_be_is_not_moved_where_the_time_of_day_proves_nothing(
    tmp_path, stated, wall, nuclide, reason
):
    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartDateTime, drug.RadiopharmaceuticalStartTime = stated, wall

    source = read_pet(tmp_path, timed(nuclide=nuclide, edit=edit))
    assert source.units == "Bq/ml"
    assert reason in said(source)
