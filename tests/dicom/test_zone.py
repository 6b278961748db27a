"""In which zone the times of a series are: a moment stated in another zone is the same moment, or there is no SUV."""

from __future__ import annotations

import pytest
from dicom_phantom import classic
from pet_times import factor_by_hand, factor_of, read_pet, said, timed

from coconet_med.errors import OptionError
from coconet_med.readers.dicom import read_series


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
    "given",
    [
        _given("20240301101500", zone="+0100"),
        _given("20240301101500+0100", zone="+0100"),
        _given("20240301091500.000000+0000", zone="+0100"),
        _given("20240301151500+0000", zone="-0500"),
        _given("20240301164500.000+0000", zone="-0630"),
        _given("20240229231500-1100", zone="+0000"),
        _given("20240301091500+0000", wall="101500"),  # the clock on the wall tells the zone
        _given("20240301154500+0000", wall="101500"),
        _given("20240301091500+0000", decay="20240301110000+0100"),
        _given(wall="101500", decay="20240301110000+0100"),  # as does Series Time, which says the same moment
    ],
)
def test_uptake_is_45_minutes_in_every_zone(tmp_path, given):
    source = read_pet(tmp_path, given)
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6), source.details["suv"]
    assert "(0008,0201)" not in said(source)


@pytest.mark.parametrize(
    "given",
    [
        _given("20240301101500+0100"),
        _given("20240301101500+0000"),
        _given("20240301101500+0100", decay="20240301110000"),
    ],
)
def test_there_is_no_suv_where_nothing_tells_the_zone_of_the_other_times(tmp_path, given):
    """The zone of times without an offset is undefined without (0008,0201); it was assumed, an hour wrong at times."""
    source = read_pet(tmp_path, given)
    assert source.units == "Bq/ml"
    assert "no SUV: Radiopharmaceutical Start DateTime states an offset from UTC, but Timezone Offset From UTC" in said(
        source
    )
    assert "--timezone +0100" in said(source)


@pytest.mark.parametrize(
    ("timezone", "zone", "minutes"), [("+0100", "", 45), ("+0000", "", 105), ("-0030", "", 135), ("-0500", "+0100", 45)]
)
def test_the_zone_is_given_where_the_header_states_none(tmp_path, timezone, zone, minutes):
    classic(tmp_path, "PT", edit=_given("20240301101500+0100", zone=zone))
    source = read_series(tmp_path, "function", timezone=timezone)
    assert factor_of(source) == pytest.approx(factor_by_hand(minutes), rel=1e-6)
    assert source.details["suv"].get("timezone") == (None if zone else f"{timezone}, given")
    with pytest.raises(OptionError, match=r"--timezone Europe/Berlin: give an offset from UTC, such as \+0100"):
        read_series(tmp_path, "function", timezone="Europe/Berlin")


def test_the_side_car_tells_local_times(tmp_path):
    suv = read_pet(tmp_path, _given("20240301091500+0000", zone="+0100")).details["suv"]
    assert (suv["scan"], suv["injection"]) == ("2024-03-01T11:00:00", "2024-03-01T10:15:00")


def test_a_zone_that_no_time_hangs_on_is_not_asked_for(tmp_path):
    """The injection and the start of the scan are of one clock; only a reference that is not taken has an offset."""
    source = read_pet(tmp_path, _given(wall="101500", decay="20240301103000+0100"))
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-6)
    assert "Decay Correction DateTime says" in said(source)
