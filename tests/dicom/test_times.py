"""Offsets from UTC, and date and time values that state one."""

from __future__ import annotations

import pytest

from coconet_med.dicom.times import parse_dt, parse_offset


@pytest.mark.parametrize(
    ("text", "minutes"), [("+0100", 60), ("-0330", -210), ("+14", 840), ("+1500", None), ("Z", None), ("", None)]
)
def test_offsets(text, minutes):
    found = parse_offset(text)
    assert (None if found is None else found.total_seconds() / 60) == minutes


def test_a_dt_value_with_an_offset_that_is_none_is_no_time():
    assert parse_dt("20240301101500+9900") is None
    assert parse_dt("20240301101500-0500")[0].hour == 10
    assert parse_dt("20240301") is None
