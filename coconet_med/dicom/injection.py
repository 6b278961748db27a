"""The injection of a PET series: when it was, checked for what de-identification and slips do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from coconet_med.dicom import headers
from coconet_med.dicom.decay import MAX_HALF_LIVES
from coconet_med.dicom.drug import ImpossibleError, drug_of, names_of
from coconet_med.dicom.series import Series
from coconet_med.dicom.times import Clock, parse_dt

#: Longest half-life (s) with which an injection without a date can be dated: longer ones may be given days before.
DATELESS_HALF_LIFE_S = 6 * 3600.0
#: Uptake beyond so many half-lives is worth a second look at the times.
UNUSUAL_HALF_LIVES = 4.0
#: Words of De-identification Method by programs that move times only where a date of the same name stands beside them.
MOVE_DATES_ONLY = ("DICOGNITO",)


@dataclass(frozen=True)
class Injection:
    """When the radiopharmaceutical was given, on the clock of the series, and what was assumed of it."""

    when: datetime
    notes: tuple[str, ...] = ()


def injection_of(
    series: Series, clock: Clock, reference: datetime, end: datetime | None, half_life: float
) -> Injection:
    """When the radiopharmaceutical was given.

    Args:
        series: whose files must agree.
        clock: of the series.
        reference: to which the values are decay corrected.
        end: of the last frame.  A scan may begin before the injection, but not end before it.
        half_life: s.

    Raises:
        ImpossibleError: missing, contradictory, after the scan, too long before it, or on another clock than the scan.
    """
    full, wall = (_shared(series, k) for k in ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"))
    when = clock.parse(full, series.header) if full else None
    notes: list[str] = []
    if when is not None:
        local = clock.local(when)
        same = headers.parse_datetime(local.strftime("%Y%m%d"), wall)
        if _midnight(local) and (same is None or same == local):
            raise ImpossibleError("the injection time is 00:00:00, as if blanked")
        if same is not None and _midnight(local) and not _midnight(same):
            when, notes = _by_wall(clock, wall, reference, end, half_life)
            notes.append(
                f"SUV: Radiopharmaceutical Start DateTime says 00:00:00, as if blanked; Start Time {same:%H:%M:%S} was "
                "taken"
            )
        elif same is not None and abs((same - local).total_seconds()) > 60:
            by = "Radiopharmaceutical Start"
            notes.append(f"SUV: {by} DateTime says {clock.show(when)}, {by} Time {same:%H:%M:%S}; the former was taken")
    else:
        if mover := _moves_dates_only(series):
            raise ImpossibleError(
                f"the files were de-identified by {mover}, which moves the times of the scan by hours and leaves "
                "Radiopharmaceutical Start Time, the only time of the injection, as it was"
            )
        if full and headers.parse_datetime("20000101", wall) is None:
            raise ImpossibleError(
                f"Radiopharmaceutical Start DateTime is {headers.printable(full, 40)!r}, which is no DICOM date and "
                "time (YYYYMMDDHHMMSS)"
            )
        when, notes = _by_wall(clock, wall, reference, end, half_life)
        if full:
            notes.append(
                f"SUV: Radiopharmaceutical Start DateTime {headers.printable(full, 40)!r} is no DICOM date and time; "
                f"Start Time {headers.printable(wall, 20)} was taken"
            )
    if full and (moved := _of_the_scan(series, clock, when, wall, reference, end, half_life)) is not None:
        notes.append(
            f"SUV: Radiopharmaceutical Start DateTime {clock.show(when)} cannot be of this scan; Start Time was taken, "
            "on the day of the scan"
        )
        when = moved
    seconds = (reference - when).total_seconds()
    if when > max(end or reference, reference):
        raise ImpossibleError(
            f"the injection ({clock.show(when)}) lies after the scan ({clock.show(end or reference)})"
        )
    if seconds > MAX_HALF_LIVES * half_life:
        lag = seconds / half_life
        raise ImpossibleError(
            f"the injection ({clock.show(when)}) lies {lag:.0f} half-lives before the scan ({clock.show(reference)})"
        )
    if seconds > UNUSUAL_HALF_LIVES * half_life:
        notes.append(
            f"SUV: the injection lies {seconds / half_life:.1f} half-lives before the decay reference "
            f"({clock.show(when)} and {clock.show(reference)}); check both times"
        )
    if seconds < -60.0:
        notes.append(f"SUV: the scan began {-seconds / 60:.1f} min before the injection ({clock.show(when)})")
    return Injection(when, tuple(notes))


def other_injection(one: Series, other: Series) -> bool:
    """Whether two series say that they show two injections: other tracers, rest and stress, or other days.

    Times that differ by up to a minute are one, and so are those of which one is missing.
    """
    times = [_given_at(series) for series in (one, other)]
    return times[0] is not None and times[1] is not None and abs((times[0] - times[1]).total_seconds()) > 60.0


def injection_words(series: Series) -> str:
    """What was injected and when, as messages say it."""
    drug = next(iter(headers.items(series.facts, "RadiopharmaceuticalInformationSequence")), None)
    called = [name for name in (names_of(drug)[1:] if drug is not None else []) if name]
    when = _given_at(series)
    return (
        f"{headers.printable(called[0], 40) if called else 'unnamed tracer'}, injected {when or 'at an unknown time'}"
    )


def _given_at(series: Series) -> datetime | None:
    """The injection as it is written, without zones; its date is that of the series where it has none."""
    drug = next(iter(headers.items(series.facts, "RadiopharmaceuticalInformationSequence")), None)
    if drug is None:
        return None
    full = parse_dt(headers.text(drug, "RadiopharmaceuticalStartDateTime"))
    if full is not None:
        return full[0]
    date = headers.text(series.facts, "SeriesDate") or headers.text(series.facts, "StudyDate")
    return headers.parse_datetime(date.strip(), headers.text(drug, "RadiopharmaceuticalStartTime").strip())


def _by_wall(
    clock: Clock, wall: str, reference: datetime, end: datetime | None, half_life: float
) -> tuple[datetime, list[str]]:
    """The injection whose date is missing: the last time before or during the scan that the clock showed ``wall``."""
    local, last = clock.local(reference), clock.local(end or reference)
    same = headers.parse_datetime(local.strftime("%Y%m%d"), wall)
    if same is None:
        raise ImpossibleError("injection time (Radiopharmaceutical Start DateTime) is missing")
    if _midnight(same):
        raise ImpossibleError("the injection time is 00:00:00, as if blanked")
    if half_life > DATELESS_HALF_LIFE_S:
        raise ImpossibleError("injection date is missing, and a long-lived tracer may have been given days before")
    day = timedelta(days=1)
    during = [when for when in (same, same + day) if local < when <= last]
    if during:
        taken = during[0]
    elif same <= local:
        taken = same
    else:
        taken = same - day
        if (local - taken).total_seconds() > MAX_HALF_LIVES * half_life:
            raise ImpossibleError(
                f"the injection time ({same:%H:%M:%S}) lies after the scan ({last:%H:%M:%S}), and on the day before it "
                f"would be {(local - taken).total_seconds() / half_life:.0f} half-lives away"
            )
    notes = []
    if taken.date() < same.date():
        notes = ["SUV: the injection time is later in the day than the scan; taken as the day before"]
    return reference - (local - taken), notes


def _of_the_scan(
    series: Series,
    clock: Clock,
    when: datetime,
    wall: str,
    reference: datetime,
    end: datetime | None,
    half_life: float,
) -> datetime | None:
    """The injection on the day of the scan, where its own day cannot be; ``None``: as it is written.

    De-identification moves the date in Radiopharmaceutical Start DateTime by other days than those of the scan.  The
    time of day is believed where Radiopharmaceutical Start Time states it, too, as it is where it stands alone.
    """
    impossible = when > max(end or reference, reference) or (
        (reference - when).total_seconds() > MAX_HALF_LIVES * half_life
    )
    local = clock.local(when)
    same = headers.parse_datetime(local.strftime("%Y%m%d"), wall)
    if not impossible or same is None or abs((same - local).total_seconds()) > 60 or _moves_dates_only(series):
        return None
    try:
        moved, day_before = _by_wall(clock, wall, reference, end, half_life)
    except ImpossibleError:
        return None  # the reason is that of the date
    return None if day_before else moved


def _moves_dates_only(series: Series) -> str:
    """The program that moved the clock of the scan and not that of an injection without a date, or ``""``."""
    methods = {word.strip().upper() for word in headers.words(series.facts, "DeidentificationMethod")}
    return next((program for program in MOVE_DATES_ONLY if program in methods), "")


def _midnight(when: datetime) -> bool:
    return (when.hour, when.minute, when.second) == (0, 0, 0)


def _shared(series: Series, keyword: str) -> str:
    found = {headers.text(drug_of(instance), keyword).strip() for instance in series.instances}
    if len(found) > 1:
        raise ImpossibleError("the injection time differs between the files of the series")
    return found.pop()
