"""Frames that do not follow each other have a mean of no one time, and that is said."""

from __future__ import annotations

import pytest

from coconet_med.readers.time_spans import overlapping, paused


def test_frames_one_after_the_other_say_nothing() -> None:
    spans = [(0.0, 60.0), (60.0, 120.0), (181.0, 600.0)]
    assert (overlapping(spans), paused(spans)) == ("", "")
    assert (overlapping([]), paused([(0.0, 60.0)])) == ("", "")


def test_two_scans_in_one_series_are_told_by_the_pause_between_them() -> None:
    assert "50 min lie between frame 0 and frame 1, while all frames last 20 min" in paused([(0, 600), (3600, 600)])


@pytest.mark.parametrize("pause", [100.0, 550.0])
def test_a_pause_that_is_short_beside_what_was_measured_is_none(pause: float) -> None:
    assert paused([(0.0, 600.0), (600.0 + pause, 600.0)]) == ""


def test_frames_that_overlap_are_named_with_their_times() -> None:
    assert "frame 1 lasts until 660 s, and frame 2 begins at 120 s" in overlapping([(0, 60), (60, 600), (120, 600)])
    assert overlapping([(0.0, 60.0), (59.5, 60.0)]) == ""


def test_frames_that_are_not_numbered_by_time_keep_their_numbers() -> None:
    spans = [(180.0, 300.0), (60.0, 120.0), (0.0, 60.0)]
    assert (overlapping(spans), paused(spans)) == ("", "")
    assert "frame 2 lasts until 90 s, and frame 1 begins at 60 s" in overlapping([*spans[:2], (0.0, 90.0)])
    assert "between frame 1 and frame 0," in paused([(9000.0, 300.0), *spans[1:]])
