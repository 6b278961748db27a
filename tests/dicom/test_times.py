"""Offsets from UTC: a moment stated in another zone is the same moment."""

from __future__ import annotations

import pytest
from pet_times import factor_by_hand, factor_of, read_pet, said, timed

from coconet_med.dicom.times import parse_dt, parse_offset


def _given(full="", wall="", zone="", decay=""):
    """Injection by DT and TM, zone of the object, and a Decay Correction DateTime."""

    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        del drug.RadiopharmaceuticalStartDateTime
        if full:
            drug.RadiopharmaceuticalStartDateTime = full
        if wall:
            drug.RadiopharmaceuticalStartTime = wall
        if zone:
            ds.TimezoneOffsetFromUTC = zone
        if decay:
            ds.DecayCorrectionDateTime = decay

    return timed(edit=edit)


# The scan begins at 11:00 on the wall, the injection was at 10:15 on the wall.
@pytest.mark.parametrize(
    ("given", "quiet"),
    [
        (_given("20240301101500", zone="+0100"), True),
        (_given("20240301101500+0100", zone="+0100"), True),
        (_given("20240301091500.000000+0000", zone="+0100"), True),
        (_given("20240301151500+0000", zone="-0500"), True),
        (_given("20240301164500.000+0000", zone="-0630"), True),
        (_given("20240229231500-1100", zone="+0000"), True),
        (_given("20240301091500+0000", wall="101500"), True),  # the clock on the wall tells the zone
        (_given("20240301154500+0000", wall="101500"), True),
        (_given("20240301091500+0000", decay="20240301110000+0100"), True),
        (_given("20240301101500+0100"), False),  # nothing tells the zone of the scan: it is assumed, and said
        (_given(wall="101500", decay="20240301110000+0100"), False),
    ],
)
def test_uptake_is_45_minutes_in_every_zone(tmp_path, given, quiet):
    source = read_pet(tmp_path, given)
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6), source.details["suv"]
    assert ("(0008,0201) is missing" not in said(source)) == quiet


def test_an_assumed_zone_is_named(tmp_path):
    text = said(read_pet(tmp_path, _given("20240301101500+0100")))
    assert "times without an offset were taken as +0100, like Radiopharmaceutical Start DateTime" in text


def test_the_side_car_tells_local_times(tmp_path):
    suv = read_pet(tmp_path, _given("20240301091500+0000", zone="+0100")).details["suv"]
    assert (suv["scan"], suv["injection"]) == ("2024-03-01T11:00:00", "2024-03-01T10:15:00")


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
