"""A PET time series becomes its mean by duration, or one frame; other repeated places are refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, stored_values, uid

from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.dicom import read_series

DURATIONS = (60000, 120000, 420000)


def _dynamic(folder, modality="PT", *, durations=DURATIONS, edit=lambda ds, k, n: None):
    """Three volumes of one series in the same places; returns their stored values."""
    values = []
    for n, duration in enumerate(durations):

        def stamp(ds, k, n=n, duration=duration):
            ds.SOPInstanceUID = uid("dynamic", n, k)
            begun = datetime(2024, 3, 1, 11) + timedelta(milliseconds=sum(durations[:n]))
            ds.AcquisitionTime, ds.FrameReferenceTime = begun.strftime("%H%M%S"), str(sum(durations[:n]))
            ds.ActualFrameDuration = str(duration)
            edit(ds, k, n)

        values.append(classic(folder / str(n), modality, series="dyn", values=stored_values(seed=n), edit=stamp))
    return np.array(values, dtype=float)


def test_the_mean_is_weighted_by_frame_duration(tmp_path):
    stored = _dynamic(tmp_path)
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_allclose(
        sitk.GetArrayFromImage(source.image), np.average(stored, axis=0, weights=DURATIONS), rtol=1e-5
    )
    assert source.warnings == ("dynamic series: mean of 3 frames, weighted by frame duration",)
    assert source.details["frames_in_time"] == 3


def test_one_frame_can_be_chosen(tmp_path):
    stored = _dynamic(tmp_path)
    source = read_series(tmp_path, "function", suv="never", dynamic=2)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[2])


@pytest.mark.parametrize("frame", [3, -1, True, "last"])
def test_a_frame_that_does_not_exist_is_an_error(tmp_path, frame):
    _dynamic(tmp_path)
    with pytest.raises(OptionError, match="expected 'mean' or"):
        read_series(tmp_path, "function", dynamic=frame)


def _gates(folder, *, edit=lambda ds, k, n: None, **options):
    """Three gates of one interval: Trigger Time tells them apart, nothing else of time."""

    def gate(ds, k, n):
        ds.AcquisitionTime, ds.FrameReferenceTime, ds.TriggerTime = "110000", "0", str(n * 250)
        edit(ds, k, n)

    return _dynamic(folder, edit=gate, **options)


GATED = {
    "Trigger Time alone": lambda ds, k, n: None,
    "Series Type": lambda ds, k, n: setattr(ds, "SeriesType", ["GATED", "IMAGE"]),
    "Image Type": lambda ds, k, n: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "GATED"]),
    "time slots": lambda ds, k, n: setattr(ds, "NumberOfTimeSlots", 3),
}


@pytest.mark.parametrize("how", GATED)
def test_gates_are_called_gates_and_their_mean_is_that_of_the_cycle(tmp_path, how):
    stored = _gates(tmp_path, edit=GATED[how], durations=(60000, 60000, 30000))
    source = read_series(tmp_path, "function", suv="never")
    mean = np.average(stored, axis=0, weights=(2, 2, 1))
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), mean, rtol=1e-5)
    assert source.warnings == (
        "gated series: mean of 3 gates, weighted by frame duration: heartbeat or breath are blurred in it; "
        "--dynamic N takes one gate",
    )
    one = read_series(tmp_path, "function", suv="never", dynamic=1)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(one.image), stored[1])
    assert one.warnings == ("gated series: gate 1 of 0 to 2 taken",)
    asked = read_series(tmp_path, "function", suv="never", select="frame=2")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(asked.image), stored[2])
    assert asked.warnings == ("gate 2 of 0 to 2 taken, as asked (--select)",)


def test_points_in_time_with_trigger_times_are_dynamic(tmp_path):
    _dynamic(tmp_path, edit=lambda ds, k, n: setattr(ds, "TriggerTime", "0"))
    warnings = read_series(tmp_path, "function", suv="never").warnings
    assert warnings == ("dynamic series: mean of 3 frames, weighted by frame duration",)


def test_gates_of_one_time_have_a_mean_without_decay_correction_too(tmp_path):
    def undecayed(ds, k, n):
        ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN"]

    stored = _gates(tmp_path / "gates", edit=undecayed)
    source = read_series(tmp_path / "gates", "function", suv="never")
    mean = np.average(stored, axis=0, weights=DURATIONS)
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), mean, rtol=1e-5)
    _dynamic(tmp_path / "times", edit=undecayed)
    with pytest.raises(ReadError, match="3 frames in time are not decay corrected"):
        read_series(tmp_path / "times", "function", suv="never")


def test_gates_of_one_time_with_several_decays_have_no_mean(tmp_path):
    _gates(tmp_path, edit=lambda ds, k, n: setattr(ds, "DecayFactor", str(1.0 + n / 10)))
    with pytest.raises(ReadError, match=r"gates are of one time, but state Decay Factors from 1 to 1\.2.*--dynamic N"):
        read_series(tmp_path, "function")
    assert read_series(tmp_path, "function", suv="never", dynamic=0).image.GetSize() == (12, 10, 6)


def test_frames_at_equal_times_are_not_averaged(tmp_path):
    def still(ds, k, n):
        ds.AcquisitionTime, ds.FrameReferenceTime = "110000", "0"

    _dynamic(tmp_path, edit=still)
    with pytest.raises(ReadError, match="3 times at equal times"):
        read_series(tmp_path, "function")


def test_corrected_and_uncorrected_images_are_not_averaged(tmp_path):
    _dynamic(tmp_path, edit=lambda ds, k, n: setattr(ds, "CorrectedImage", ["DECY"] if n else ["ATTN", "DECY"]))
    with pytest.raises(ReadError, match=r"CorrectedImage=DECY \(12 images\), CorrectedImage=ATTN \(6 images\)"):
        read_series(tmp_path, "function")


def test_echoes_of_an_mr_series_are_not_averaged(tmp_path):
    _dynamic(tmp_path, "MR", edit=lambda ds, k, n: setattr(ds, "EchoTime", str(n + 2)))
    with pytest.raises(ReadError, match=r"EchoTime=2 \(6 images\).*choose one, for example with --select 'EchoTime=2'"):
        read_series(tmp_path, "anatomy")


def test_a_time_frame_that_lacks_a_slice_is_refused(tmp_path):
    _dynamic(tmp_path)
    next((tmp_path / "1").iterdir()).unlink()
    with pytest.raises(ReadError, match="places are held 2 to 3 times"):
        read_series(tmp_path, "function")


def test_time_frames_within_one_enhanced_object_are_averaged_too(tmp_path):
    stored = enhanced(tmp_path, "EPT", slopes=[1.0] * 12, durations=(1000.0, 3000.0)).reshape(2, 6, 10, 12)
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_allclose(
        sitk.GetArrayFromImage(source.image), np.average(stored, axis=0, weights=[1, 3]) + 3, rtol=1e-5
    )


def test_echoes_within_one_enhanced_mr_object_are_refused(tmp_path):
    enhanced(tmp_path, durations=(1000.0, 1000.0))
    with pytest.raises(ReadError, match="every place is held 2 times"):
        read_series(tmp_path, "anatomy")


def _two_scans(folder, times, *, reference=(0, 0)):
    """Two frames of ten minutes whose Acquisition Times, and Frame Reference Times in s, are given."""

    def stamp(ds, k, n):
        ds.AcquisitionTime, ds.FrameReferenceTime = times[n], str(reference[n] * 1000)

    _dynamic(folder, durations=(600000, 600000), edit=stamp)
    return read_series(folder, "function", suv="never").warnings[0]


@pytest.mark.parametrize(("times", "reference"), [(("110000", "120000"), (0, 0)), (("110000", "110000"), (300, 3900))])
def test_an_early_and_a_late_scan_in_one_series_have_no_mean_of_one_time(tmp_path, times, reference):
    assert "50 min lie between frame 0 and frame 1" in _two_scans(tmp_path, times, reference=reference)


def test_frames_that_overlap_in_time_are_named(tmp_path):
    assert "frame 0 lasts until 600 s, and frame 1 begins at 60 s" in _two_scans(tmp_path, ("110000", "110100"))


def test_frames_that_follow_each_other_say_nothing_of_their_times(tmp_path):
    said = _two_scans(tmp_path, ("110000", "111000"), reference=(300, 900))
    assert said == "dynamic series: mean of 2 frames, weighted by frame duration"


def test_beds_that_overlap_are_refused_with_the_choice_of_one(tmp_path):
    for bed in (0, 1):

        def stamp(ds, k, bed=bed):
            ds.SOPInstanceUID, ds.AcquisitionTime = uid("bed", bed, k), f"11{bed}000"

        classic(tmp_path / str(bed), "PT", series="beds", origin=(-8.0, -9.5, 8.0 * bed), edit=stamp)
    with pytest.raises(ReadError, match=r"places are held 1 to 2 times.*--select 'AcquisitionTime=110000'") as refused:
        read_series(tmp_path, "function", suv="never")
    assert "takes one part of it (6 images)" in str(refused.value)
    one = read_series(tmp_path, "function", suv="never", select="AcquisitionTime=111000")
    assert one.image.GetOrigin() == pytest.approx((-8.0, -9.5, 8.0))
