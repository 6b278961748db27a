"""Times of a series on one clock: UTC offsets of DT values and Timezone Offset From UTC (0008,0201) are obeyed.

A DT value may end in an offset and then says its own zone (PS3.5 6.2); DA, TM and DT values without one are in the zone
of (0008,0201) (PS3.3 C.12.1.1), which most objects leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.errors import OptionError

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.dicom.headers import Tag

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")


def parse_offset(text: str) -> timedelta | None:
    """An offset from UTC such as ``+0100``; ``None`` where it is none (-1200 to +1400 are allowed)."""
    found = _OFFSET.fullmatch(text.strip())
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0)) * (-1 if found[1] == "-" else 1)
    return offset if timedelta(hours=-12) <= offset <= timedelta(hours=14) else None


def show_offset(offset: timedelta) -> str:
    """An offset from UTC as DICOM writes it, such as ``-0330``."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def given_offset(text: str | None) -> timedelta | None:
    """What ``--timezone`` says.

    Raises:
        OptionError: it is no offset from UTC.
    """
    if text is None:
        return None
    offset = parse_offset(text)
    if offset is None:
        raise OptionError(f"--timezone {headers.printable(text, 40)}: give an offset from UTC, such as +0100 or -0330")
    return offset


def parse_dt(text: str) -> tuple[datetime, timedelta | None] | None:
    """Date and time of a DT value, and its offset from UTC where it states one; ``None`` where not usable."""
    text = text.strip()
    at = max(text.find("+"), text.find("-", 8))
    plain, suffix = (text[:at], text[at:]) if at >= 0 else (text, "")
    offset = parse_offset(suffix) if suffix else None
    if suffix and offset is None:
        return None
    moment = headers.parse_datetime(plain[:8], plain[8:]) if len(plain) >= 10 else None
    return (moment, offset) if moment else None


def zone_of(ds: Dataset) -> timedelta | None:
    """Timezone Offset From UTC (0008,0201) of an object, ``None`` where it states none."""
    return parse_offset(headers.text(ds, "TimezoneOffsetFromUTC"))


def _wall_zone(utc: datetime, wall: str) -> timedelta | None:
    """Zone in which a clock shows ``wall`` (a TM value) at ``utc``; ``None`` where that is no zone."""
    shown = headers.parse_datetime(utc.strftime("%Y%m%d"), wall.strip())
    if shown is None:
        return None
    seconds = ((shown - utc).total_seconds() + 10 * 3600) % 86400 - 10 * 3600  # -1000 to +1400
    zone = timedelta(minutes=15 * round(seconds / 900))
    return zone if abs(seconds - zone.total_seconds()) <= 2 else None


class Clock:
    """Brings the times of one series together; what it returns is comparable, whatever the zones.

    Args:
        holders: data sets of the series, each with its own (0008,0201) if any.
        stated: DT values of the series, each with the TM value that tells the same moment by the clock on the wall, or
            ``""``.  Where no object states a zone it is taken from them.
        given: the zone by the user, for a series that states none.

    Attributes:
        zone: offset from UTC of values that state none; ``None`` where nothing tells it.
        assumed: whether the zone was only assumed to be that of a DT value.
        given: whether it is the one by the user.
    """

    def __init__(
        self, holders: Iterable[Dataset], stated: Iterable[tuple[str, str]] = (), *, given: timedelta | None = None
    ) -> None:
        zones = [zone for ds in holders if (zone := zone_of(ds)) is not None]
        self.zone: timedelta | None = zones[0] if zones else given
        self.assumed, self.given = False, not zones and given is not None
        if self.zone is not None:
            return
        aware = [
            (found[0], found[1], wall) for text, wall in stated if (found := parse_dt(text)) and found[1] is not None
        ]
        shown = [zone for local, offset, wall in aware if (zone := _wall_zone(local - offset, wall)) is not None]
        offsets = {offset for _, offset, _ in aware}
        if shown:
            self.zone = shown[0]
        elif offsets:
            self.zone = max(offsets, key=lambda offset: (offset != timedelta(0), offset))  # UTC is seldom on the wall
            self.assumed = True

    def moved(self, by: timedelta) -> Clock:
        """The same with its zone moved: what it says of values that state one stays as it is."""
        other = Clock(())
        other.zone, other.assumed = (self.zone or timedelta(0)) + by, self.assumed
        return other

    def moment(self, ds: Dataset, date: Tag, time: Tag, within: Dataset | None = None) -> datetime | None:
        """A pair of DA and TM values; ``within`` is the object that holds (0008,0201) if ``ds`` does not."""
        local = headers.moment(ds, date, time)
        return self.common(local, zone_of(within if within is not None else ds)) if local else None

    def datetime_of(self, ds: Dataset, tag: Tag, within: Dataset | None = None) -> datetime | None:
        """A DT value."""
        return self.parse(headers.text(ds, tag), within if within is not None else ds)

    def parse(self, text: str, within: Dataset | None = None) -> datetime | None:
        """The text of a DT value."""
        found = parse_dt(text)
        if found is None:
            return None
        local, offset = found
        return self.common(local, offset if offset is not None else zone_of(within) if within is not None else None)

    def common(self, local: datetime, zone: timedelta | None) -> datetime:
        """A time in ``zone`` (``None``: that of the series) as the clock's: UTC, or local where no zone is known."""
        zone = self.zone if zone is None else zone
        return local - zone if zone is not None else local

    def local(self, common: datetime) -> datetime:
        """The time on the wall of the scanner."""
        return common + self.zone if self.zone is not None else common

    def show(self, common: datetime) -> str:
        """For messages: local date and time, with its offset where one is known."""
        local = self.local(common)
        text = (local + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(sep=" ")
        if self.zone is None:
            return text
        return f"{text} {show_offset(self.zone)}"


def acquired(ds: Dataset, clock: Clock | None = None) -> datetime | None:
    """Start of the acquisition of a single-frame object: Acquisition Date and Time, else Acquisition DateTime."""
    clock = clock or Clock([ds])
    found = clock.moment(ds, "AcquisitionDate", "AcquisitionTime")
    return found or clock.datetime_of(ds, "AcquisitionDateTime")
