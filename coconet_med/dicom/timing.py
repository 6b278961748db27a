"""When each frame of a PET series was measured, as its header tells: classic, enhanced and legacy converted alike."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.converted import of_frame
from coconet_med.dicom.decay import mean_count_time
from coconet_med.dicom.drug import ImpossibleError
from coconet_med.dicom.series import Instance, Series
from coconet_med.dicom.times import Clock, acquired

if TYPE_CHECKING:
    from pydicom import Dataset

#: Acquisition and series lie at most so far apart; a longer way is a date that de-identification put there.
SAME_SCAN = timedelta(days=2)


@dataclass(frozen=True)
class Shot:
    """The timing of one frame; ``None`` where the header does not tell.

    Attributes:
        start: start of its acquisition, on the clock of the series.
        duration: of its acquisition, s (Actual Frame Duration).
        reference: Frame Reference Time, s: meant to be the time from the decay reference to its mean count rate.
        factor: Decay Factor, as text, since its digits tell how exact it is.
        measured: Frame Reference DateTime of enhanced objects: when its values occurred.
    """

    start: datetime | None
    duration: float | None
    reference: float | None
    factor: str
    measured: datetime | None = None


def shots_of(series: Series, clock: Clock) -> dict[tuple[str, int], Shot]:
    """Timing of each frame, by SOP Instance UID and number of the frame (from 0)."""
    found: dict[tuple[str, int], Shot] = {}
    for instance in series.instances:
        groups = headers.items(instance.header, "PerFrameFunctionalGroupsSequence")
        if not groups:
            found[instance.uid, 0] = _classic(instance, clock)
        else:
            found.update(((instance.uid, index), shot) for index, shot in _enhanced(instance, groups, clock))
    return found


def dated_shots(series: Series, clock: Clock) -> tuple[dict[tuple[str, int], Shot], tuple[str, ...]]:
    """Timing of the frames without blanked times, on the date of the series where that of the acquisition cannot be."""
    shots = shots_of(series, clock)
    starts = [shot.start for shot in shots.values() if shot.start is not None]
    if starts and all(blanked_time(clock.local(start)) for start in starts):
        return {key: replace(shot, start=None) for key, shot in shots.items()}, ()
    began = clock.moment(series.header, "SeriesDate", "SeriesTime")
    if not starts or began is None or abs(min(starts) - began) <= SAME_SCAN:
        return shots, ()
    drugs = headers.items(series.facts, "RadiopharmaceuticalInformationSequence")
    given = clock.datetime_of(drugs[0], "RadiopharmaceuticalStartDateTime", series.header) if drugs else None
    if given is not None and abs(min(starts) - given) <= abs(began - given):
        return shots, ()  # the date of the series is the odd one
    days = timedelta(days=round((began - min(starts)) / timedelta(days=1)))
    moved = {key: replace(s, start=s.start + days if s.start else None) for key, s in shots.items()}
    dates = f"Acquisition Date {clock.local(min(starts)):%Y-%m-%d} and Series Date {clock.local(began):%Y-%m-%d}"
    return moved, (f"SUV: {dates} are not of one scan; the acquisition was taken to be at the date of the series",)


def measured_at(shots: dict[tuple[str, int], Shot], half_life: float) -> dict[tuple[str, int], datetime]:
    """When the values of each frame occurred: Frame Reference DateTime, else its start and its mean count time."""
    found = {}
    for key, shot in shots.items():
        if shot.measured is not None:
            found[key] = shot.measured
        elif shot.start is None or shot.duration is None:
            raise ImpossibleError(
                "not decay corrected, and Acquisition Date and Time or Actual Frame Duration are missing"
            )
        else:
            found[key] = shot.start + timedelta(seconds=mean_count_time(shot.duration, half_life))
    return found


def elapsed_by_factor(shot: Shot, half_life: float) -> float | None:
    """Seconds from the decay reference to the start of a frame by its Decay Factor; ``None`` where that tells nothing.

    A factor of 1 or below is one that nobody filled in: decay within a frame alone makes it larger.
    """
    try:
        factor = float(shot.factor)
    except ValueError:
        return None
    if shot.duration is None or not 1.0 < factor < 1e12:
        return None
    return math.log(factor) * half_life / math.log(2.0) - mean_count_time(shot.duration, half_life)


def one_start(shots: Collection[Shot], half_life: float, bound: float) -> float:
    """How far apart (s) frames of one Acquisition Time began, by Decay Factor and Frame Reference Time alike; else 0.

    Some GE scanners write the start of the scan into Acquisition Time at every bed position.
    """
    if len({shot.start for shot in shots}) != 1 or None in {shot.start for shot in shots}:
        return 0.0
    began = []
    for shot in shots:
        elapsed = elapsed_by_factor(shot, half_life)
        if elapsed is None or shot.reference is None or shot.duration is None:
            return 0.0
        within = (0.0, shot.duration / 2.0, mean_count_time(shot.duration, half_life))
        if all(abs(elapsed + moment - shot.reference) > bound for moment in within):
            return 0.0
        began.append(elapsed)
    apart = max(began) - min(began)
    return apart if apart > bound else 0.0


def blanked_time(local: datetime) -> bool:
    """Whether a time of day is 00:00:00, which de-identification leaves."""
    return (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)


def _classic(instance: Instance, clock: Clock) -> Shot:
    ds = instance.facts
    return Shot(
        acquired(ds, clock),
        _seconds(ds, "ActualFrameDuration", positive=True),
        _seconds(ds, "FrameReferenceTime"),
        headers.text(ds, "DecayFactor").strip(),
    )


def _enhanced(instance: Instance, groups: list[Dataset], clock: Clock) -> Iterator[tuple[int, Shot]]:
    whole = _classic(instance, clock)
    shared = next(iter(headers.items(instance.header, "SharedFunctionalGroupsSequence")), None)
    for index, group in enumerate(groups):
        content = next(iter(headers.items(group, "FrameContentSequence")), None)
        own = of_frame(group)
        start = duration = measured = None
        if content is not None:
            start = clock.datetime_of(content, "FrameAcquisitionDateTime", instance.header)
            duration = _seconds(content, "FrameAcquisitionDuration", positive=True)
            measured = clock.datetime_of(content, "FrameReferenceDateTime", instance.header)
        kept = [d for d in (own, shared) if d is not None]
        reference = next((v for d in kept if (v := _seconds(d, "FrameReferenceTime")) is not None), whole.reference)
        factor = next((text for d in kept if (text := headers.text(d, "DecayFactor").strip())), whole.factor)
        yield index, Shot(start or whole.start, duration or whole.duration, reference, factor, measured)


def _seconds(ds: Dataset, keyword: str, *, positive: bool = False) -> float | None:
    """An attribute in ms as seconds."""
    number = headers.number(ds, keyword)
    return None if number is None or (positive and number <= 0) else number / 1000.0
