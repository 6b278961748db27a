"""The injection of a PET series: dose, half-life and time, each checked for what de-identification and slips do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.decay import (
    DOSE_BQ,
    HALF_LIFE_S,
    HALF_LIFE_TOLERANCE,
    MAX_HALF_LIVES,
    WEIGHT_KG,
    half_life_of,
    half_life_of_tracer,
    known_half_life,
)
from coconet_med.dicom.series import Instance, Series
from coconet_med.dicom.times import Clock, parse_dt

if TYPE_CHECKING:
    from pydicom import Dataset

#: Longest half-life (s) with which an injection without a date can be dated: longer ones may be given days before.
DATELESS_HALF_LIFE_S = 6 * 3600.0
#: Uptake beyond so many half-lives is worth a second look at the times.
UNUSUAL_HALF_LIVES = 4.0
#: Heights (m) with which a weight is compared: below lie small children and animals, above slips of units.
TELLING_HEIGHT_M = (1.0, 2.6)
#: Heights in this range are centimeters, written into an attribute of meters.
CENTIMETERS = (30.0, 260.0)
#: Words of De-identification Method by programs that move times only where a date of the same name stands beside them.
MOVE_DATES_ONLY = ("DICOGNITO",)
#: Body mass index (kg/m2) outside which nobody lives.
BODY_MASS_INDEX = (6.0, 200.0)


class ImpossibleError(Exception):
    """SUV cannot be computed; the message is the reason."""


@dataclass(frozen=True)
class Injection:
    """When the radiopharmaceutical was given, on the clock of the series, and what was assumed of it."""

    when: datetime
    notes: tuple[str, ...] = ()


def one_value(
    series: Series,
    what: str,
    keyword: str,
    plausible: tuple[float, float],
    unit: str,
    *,
    holder: Callable[[Instance], Dataset] = lambda instance: instance.facts,
) -> float:
    """The value that all files of the series share, within the plausible range.

    Args:
        series: whose files hold it.
        what: its name in messages.
        keyword: of the attribute.
        plausible: lowest and highest value.
        unit: in which DICOM asks for it.
        holder: the data set of a file that has the attribute.

    Raises:
        ImpossibleError: it is missing, differs or is not plausible.
    """
    found = {headers.number(holder(instance), keyword) for instance in series.instances}
    if len(found) > 1:
        raise ImpossibleError(f"{what} differs between the files of the series")
    number = found.pop()
    if number is None and (odd := headers.unreadable(holder(series.instances[0]), keyword)):
        raise ImpossibleError(f"{what} is '{odd}', which is not a number; DICOM asks for {unit} with a decimal point")
    if number is None:
        raise ImpossibleError(f"{what} is missing")
    if not plausible[0] <= number <= plausible[1]:
        hint = ""
        if unit == "Bq" and plausible[0] <= number * 1e6 <= plausible[1]:
            hint = f" ({'MBq' if number <= 2000 else 'MBq or uCi'}, it seems; DICOM asks for Bq)"
        if unit == "kg" and plausible[0] <= number / 1e3 <= plausible[1] and number > plausible[1]:
            hint = " (grams, it seems; DICOM asks for kg)"
        raise ImpossibleError(f"{what} of {number:g} {unit} is not plausible{hint}")
    return number


def dose_of(series: Series) -> float:
    """Injected activity, Bq."""
    return one_value(series, "injected dose", "RadionuclideTotalDose", DOSE_BQ, "Bq", holder=_drug)


def weight_of(series: Series) -> float:
    """Body weight, kg; one that no body of the stated height has is a placeholder (1 kg at 1.75 m).

    Raises:
        ImpossibleError: missing, differs, or not plausible.
    """
    weight = one_value(series, "patient weight", "PatientWeight", WEIGHT_KG, "kg")
    height = headers.number(series.facts, "PatientSize")
    if height and CENTIMETERS[0] <= height <= CENTIMETERS[1]:
        height /= 100.0
    if height and TELLING_HEIGHT_M[0] <= height <= TELLING_HEIGHT_M[1]:
        index = weight / height**2
        if not BODY_MASS_INDEX[0] <= index <= BODY_MASS_INDEX[1]:
            raise ImpossibleError(f"patient weight of {weight:g} kg is not plausible at a height of {height:g} m")
    return weight


def half_life_s(series: Series) -> tuple[float, str]:
    """Half-life in seconds, and what is odd about it, if anything.

    Raises:
        ImpossibleError: missing, or not that of the radionuclide that the header names.
    """
    found = one_value(series, "half-life", "RadionuclideHalfLife", HALF_LIFE_S, "s", holder=_drug)
    for unit, seconds in (("minutes", 60.0), ("hours", 3600.0)):
        if not known_half_life(found) and known_half_life(found * seconds):
            raise ImpossibleError(
                f"half-life of {found:g} s is not plausible ({unit}, it seems; DICOM asks for seconds)"
            )
    coded, *tracers = _names(_drug(series.instances[0]))
    expected = half_life_of(coded)
    if expected is not None and not _one_nuclide(found, expected):
        raise ImpossibleError(
            f"half-life of {found:g} s is not that of {headers.printable(coded, 40)} ({expected:g} s)"
        )
    for tracer in tracers:  # words that scanners keep from the last patient; the number counts
        own = half_life_of_tracer(tracer)
        if own is not None and not _one_nuclide(found, own):
            called = headers.printable(tracer, 40)
            return found, f"the half-life of {found:g} s was taken, but the tracer is called {called} ({own:g} s)"
    if expected is None and not known_half_life(found):
        return found, f"a half-life of {found:g} s is that of no radionuclide known here"
    return found, ""


def _one_nuclide(one: float, other: float) -> bool:
    return abs(one / other - 1.0) <= HALF_LIFE_TOLERANCE


def _names(drug: Dataset) -> list[str]:
    """What names the radionuclide: its code, the radiopharmaceutical in words, and the code of that."""
    coded = [
        headers.text(items[0], "CodeMeaning").strip() if (items := headers.items(drug, keyword)) else ""
        for keyword in ("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence")
    ]
    return [coded[0], headers.text(drug, "Radiopharmaceutical").strip(), coded[1]]


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
    called = [name for name in (_names(drug)[1:] if drug is not None else []) if name]
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


def _moves_dates_only(series: Series) -> str:
    """The program that moved the clock of the scan and not that of an injection without a date, or ``""``."""
    methods = {word.strip().upper() for word in headers.words(series.facts, "DeidentificationMethod")}
    return next((program for program in MOVE_DATES_ONLY if program in methods), "")


def _midnight(when: datetime) -> bool:
    return (when.hour, when.minute, when.second) == (0, 0, 0)


def _shared(series: Series, keyword: str) -> str:
    found = {headers.text(_drug(instance), keyword).strip() for instance in series.instances}
    if len(found) > 1:
        raise ImpossibleError("the injection time differs between the files of the series")
    return found.pop()


def _drug(instance: Instance) -> Dataset:
    found = [item for item in headers.items(instance.facts, "RadiopharmaceuticalInformationSequence") if len(item)]
    if not found:
        raise ImpossibleError("Radiopharmaceutical Information Sequence is missing, and with it the injected dose")
    if len(found) > 1:
        raise ImpossibleError(f"{len(found)} radiopharmaceuticals are named, and which the image shows is unclear")
    return found[0]
