"""The decay reference time: right where sources agree, named with both values where not, no SUV where none is sure."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values, uid
from pet_times import START, factor_by_hand, factor_of, mean_time, read_pet, said, series_at, timed

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


@pytest.mark.parametrize(
    ("nuclide", "uptake_min", "begin", "duration"),
    [
        ("F18", 45.0, 0.0, 1200.0),
        ("F18", 45.0, 3000.0, 1200.0),  # 50 to 70 min of a dynamic scan
        ("F18", 45.0, 1260.0, 180.0),  # the head as the last bed
        ("C11", 10.0, 2400.0, 1800.0),
        ("Rb82", 2.0, 90.0, 120.0),
        ("Ga68", 60.0, 900.0, 600.0),
        ("Zr89", 73 * 60.0, 1800.0, 900.0),
    ],
)
@pytest.mark.parametrize("factor", [True, False])
@pytest.mark.parametrize("altered", ["150000", "000000", ""])
def test_a_late_frame_is_right_whatever_became_of_its_series_time(
    tmp_path, nuclide, uptake_min, begin, duration, factor, altered
):
    times = timed(begin, duration, nuclide=nuclide, uptake_min=uptake_min, factor=factor, edit=series_at(altered))
    source = read_pet(tmp_path, times)
    assert factor_of(source) == pytest.approx(factor_by_hand(uptake_min, nuclide), rel=1e-3)


def test_an_altered_series_time_is_named_with_the_suv_that_it_would_give(tmp_path):
    source = read_pet(tmp_path, timed(3000, edit=series_at("150000")))
    wrong = factor_by_hand(45 + 240) / factor_by_hand(45)
    assert f"Series Date and Time say 2024-03-01 15:00:00, by which SUV 1.00 would be {wrong:.3g}" in said(source)
    assert "2024-03-01 11:00:00 was taken (Decay Factor and Frame Reference Time)" in said(source)


def test_a_sound_header_needs_no_warning(tmp_path):
    source = read_pet(tmp_path, timed(3000))
    assert source.warnings == ()
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)


@pytest.mark.parametrize("convention", ["mean", "start", "middle"])
@pytest.mark.parametrize("nuclide", ["F18", "C11", "Rb82"])
def test_what_frame_reference_time_is_follows_from_the_decay_factor(tmp_path, convention, nuclide):
    uptake = {"F18": 45.0, "C11": 10.0, "Rb82": 2.0}[nuclide]
    times = timed(
        600.0, 300.0, nuclide=nuclide, uptake_min=uptake, convention=convention, edit=series_at("235959", "20240305")
    )
    assert factor_of(read_pet(tmp_path, times)) == pytest.approx(factor_by_hand(uptake, nuclide), rel=2e-3)


def test_where_the_reading_of_frame_reference_time_is_assumed_the_others_are_named(tmp_path):
    """Rubidium 82, 4 min: the middle of the frame is 21 s after its mean count time, a fifth of the SUV."""
    times = timed(60, 240, nuclide="Rb82", uptake_min=1, factor=False, edit=series_at("120000"))
    source = read_pet(tmp_path, times)
    assert factor_of(source) == pytest.approx(factor_by_hand(1, "Rb82"), rel=1e-3)
    later = 120.0 - mean_time(240, "Rb82")
    assert "Frame Reference Time as the middle of the frame says 2024-03-01 11:00:21" in said(source)
    assert f"by which SUV 1.00 would be {2 ** (later / 75.45):.3g}" in said(source)


def test_ge_puts_the_start_of_the_frame_into_frame_reference_time(tmp_path):
    def ge(ds, k):
        series_at("150000")(ds, k)
        ds.Manufacturer = "GE MEDICAL SYSTEMS"

    source = read_pet(tmp_path, timed(1800, 1200, factor=False, convention="start", edit=ge))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)


def test_the_frames_of_a_dynamic_series_tell_its_convention_by_themselves(tmp_path):
    """Frames of 1 and 20 minutes: only one reading of Frame Reference Time gives all of them one reference."""
    frames = [(0.0, 60.0), (60.0, 1200.0)]
    for convention in ("mean", "start"):
        folder = tmp_path / convention
        for number, (begin, duration) in enumerate(frames):
            times = timed(begin, duration, factor=False, convention=convention, edit=series_at("150000"))

            def edit(ds, k, times=times, number=number):
                times(ds, k)
                ds.SOPInstanceUID = uid(number, k)

            classic(folder / str(number), "PT", edit=edit)
        source = read_series(folder, "function")
        assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-3), convention


def test_a_frame_reference_time_that_is_off_loses_against_series_time_and_decay_factor(tmp_path):
    def off(ds, k):
        ds.FrameReferenceTime = str(float(ds.FrameReferenceTime) + 21 * 60 * 1000)

    source = read_pet(tmp_path, timed(0, 300, edit=off))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert "Frame Reference Time says 2024-03-01 10:39:00" in said(source)


def test_a_series_time_at_the_first_image_goes_before_a_lone_frame_reference_time(tmp_path):
    def off(ds, k):
        ds.FrameReferenceTime = str(float(ds.FrameReferenceTime) + 21 * 60 * 1000)

    source = read_pet(tmp_path, timed(0, 300, factor=False, edit=off))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert f"by which SUV 1.00 would be {2 ** (-21 * 60 / 6586.2):.3g}" in said(source)


def test_frame_reference_time_goes_before_a_series_time_that_nothing_confirms(tmp_path):
    source = read_pet(tmp_path, timed(0, 300, factor=False, edit=series_at("105000")))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-7)
    assert "Series Date and Time say 2024-03-01 10:50:00" in said(source)


def test_three_sources_that_all_differ_give_no_suv(tmp_path):
    def edit(ds, k):
        ds.SeriesTime = "104000"
        ds.FrameReferenceTime = str(float(ds.FrameReferenceTime) + 40 * 60 * 1000)

    source = read_pet(tmp_path, timed(1200, 300, edit=edit))
    assert source.units == "Bq/ml"
    assert "no SUV: the decay reference time is stated differently each time: " in said(source)
    assert all(word in said(source) for word in ("Decay Factor", "Frame Reference Time", "Series Date and Time"))


def _without(*keywords):
    def edit(ds, k):
        for keyword in keywords:
            if keyword in ds:
                del ds[keyword]

    return edit


@pytest.mark.parametrize(
    ("gone", "lacking"),
    [
        (("FrameReferenceTime",), "Frame Reference Time and Decay Factor do not tell it"),
        (("ActualFrameDuration",), "Actual Frame Duration do not tell it"),
    ],
)
def test_a_series_time_after_the_images_and_nothing_else_gives_no_suv(tmp_path, gone, lacking):
    def edit(ds, k):
        series_at("150000")(ds, k)
        _without(*gone)(ds, k)

    source = read_pet(tmp_path, timed(3000, factor=False, edit=edit))
    assert source.units == "Bq/ml"
    assert "Series Date and Time (2024-03-01 15:00:00) lies after the first image" in said(source)
    assert lacking in said(source)


def test_blanked_times_give_no_suv(tmp_path):
    def blank(ds, k):
        ds.SeriesTime = ds.AcquisitionTime = "000000"

    source = read_pet(tmp_path, timed(0, edit=blank))
    assert source.units == "Bq/ml"
    assert "Acquisition Date and Time are missing" in said(source)


@pytest.mark.parametrize("factor", ["1", "1.0", "0", "-3", "nan", "1e99", "about 1", "1.1"])
def test_a_decay_factor_that_nobody_filled_in_or_that_is_too_coarse_does_not_count(tmp_path, factor):
    def edit(ds, k):
        series_at("150000")(ds, k)
        ds.DecayFactor = factor if factor not in ("nan", "about 1") else ""

    source = read_pet(tmp_path, timed(3000, edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert "was taken (Frame Reference Time)" in said(source)


def test_midnight_within_a_scan_is_no_difference(tmp_path):
    start = datetime(2024, 2, 29, 23, 50)
    source = read_pet(tmp_path, timed(1200, 600, start=start, edit=series_at("060000", "20240301")))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6)
    assert source.details["suv"]["scan"].startswith("2024-02-29T23:50")


def test_a_date_of_acquisition_that_was_altered_is_put_right_and_said(tmp_path):
    def edit(ds, k):
        ds.AcquisitionDate = "19000101"
        ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "101500"

    source = read_pet(tmp_path, timed(600, 600, edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6)
    assert "Acquisition Date 1900-01-01 and Series Date 2024-03-01 are not of one scan" in said(source)


def test_decay_correction_none_is_made_good_frame_by_frame(tmp_path):
    """Each slice of its own bed and time; the true SUV is the stored value by the activity left at its mean count."""
    times = [60.0 * k for k in range(6)]
    durations = [120.0 + 30 * k for k in range(6)]

    def edit(ds, k):
        ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN", "SCAT"]
        begin = START + timedelta(seconds=times[k])
        ds.AcquisitionTime, ds.ActualFrameDuration = begin.strftime("%H%M%S"), f"{durations[k] * 1000:.0f}"

    stored = classic(tmp_path, "PT", slopes=[2.0] * 6, edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw", source.warnings
    by_hand = [factor_by_hand(45 + (times[k] + mean_time(durations[k], "F18")) / 60) for k in range(6)]
    truth = stored * 2.0 * np.array(by_hand)[:, None, None]
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), truth, rtol=1e-6)


def test_frames_that_are_not_decay_corrected_have_no_mean_unless_suv_corrects_them(tmp_path):
    def dynamic(folder, weight):
        for number, begin in enumerate((0.0, 7200.0)):

            def edit(ds, k, begin=begin, number=number):
                timed(begin, 600.0, factor=False)(ds, k)
                ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN"]
                ds.PatientWeight, ds.SOPInstanceUID = weight, uid(number, k)

            classic(folder / str(number), "PT", values=stored_values(4, 6, 6, seed=number), edit=edit)

    dynamic(tmp_path / "known", "70")
    source = read_series(tmp_path / "known", "function")
    begins, mean = (0.0, 7200.0), mean_time(600.0, "F18")
    truth = sum(stored_values(4, 6, 6, seed=n) * factor_by_hand(45 + (b + mean) / 60) for n, b in enumerate(begins)) / 2
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), truth, rtol=1e-6)
    dynamic(tmp_path / "unknown", "0")
    with pytest.raises(ReadError, match=r"not decay corrected, so they have no mean; take one with --dynamic N"):
        read_series(tmp_path / "unknown", "function")
    assert read_series(tmp_path / "unknown", "function", dynamic=1).units == "Bq/ml"


@pytest.mark.parametrize("clock_only", [False, True])
@pytest.mark.parametrize("early_s", [10, 300])
def test_a_scan_that_began_before_the_injection_is_right(tmp_path, clock_only, early_s):
    injected = START + timedelta(seconds=early_s)

    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartDateTime = injected.strftime("%Y%m%d%H%M%S")
        if clock_only:
            del drug.RadiopharmaceuticalStartDateTime
            drug.RadiopharmaceuticalStartTime = injected.strftime("%H%M%S")

    source = read_pet(tmp_path, timed(0, 1200, edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(-early_s / 60), rel=1e-9)
    assert ("the scan began 5.0 min before the injection" in said(source)) == (early_s == 300)


@pytest.mark.parametrize(("written", "reported"), [("1.5", True), ("1.0", False), ("1.03", False)])
def test_a_decay_factor_of_few_digits_that_cannot_be_right_is_reported(tmp_path, written, reported):
    """It grows by 1.032 within a frame of 10 min; 1.5 is that of a frame about an hour after the reference."""

    def edit(ds, k):
        ds.DecayFactor, ds.FrameReferenceTime = written, "0"

    source = read_pet(tmp_path, timed(0, 600, edit=edit))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert ("Decay Factor (rounded) says 2024-03-01 10:00" in said(source)) == reported


def at_the_start_of_the_scan(study: str, begin_of=lambda k: 1213.0):
    """An edit: Acquisition Time is the start of the scan, as some scanners of GE write it for every bed position."""

    def apply(ds, k):
        timed(begin_of(k), 300.0, convention="start")(ds, k)
        ds.Manufacturer, ds.StudyTime, ds.AcquisitionTime = "GE MEDICAL SYSTEMS", study, "110000"

    return apply


@pytest.mark.parametrize(("study", "minutes"), [("105600", 45.0), ("090000", 45.0 - 1213 / 60)])
def test_no_scan_begins_before_its_study(tmp_path, study, minutes):
    source = read_pet(tmp_path, at_the_start_of_the_scan(study))
    assert factor_of(source) == pytest.approx(factor_by_hand(minutes), rel=1e-5)
    before = "Decay Factor (before Study Time) says 2024-03-01 10:39:47, by which SUV 1.00 would be 0.88"
    assert (before in said(source)) is (study == "105600")


@pytest.mark.parametrize("series", ["110000", "150000"])
def test_one_acquisition_time_for_all_beds_is_the_start_of_the_scan(tmp_path, series):
    def edit(ds, k):
        at_the_start_of_the_scan("090000", lambda k: 303.0 * (k // 2))(ds, k)
        series_at(series)(ds, k)

    source = read_pet(tmp_path, edit)
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert (
        "Acquisition Time is one for all frames, which by Decay Factor and Frame Reference Time began up to 606 s"
        in (said(source))
    )
    assert ("Series Date and Time say" in said(source)) is (series == "150000")
