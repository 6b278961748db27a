"""When each frame of a PET series was measured, as its header tells: classic, enhanced and legacy converted alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.converted import of_frame
from coconet_med.dicom.series import Instance, Series
from coconet_med.dicom.times import Clock, acquired

if TYPE_CHECKING:
    from pydicom import Dataset


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
