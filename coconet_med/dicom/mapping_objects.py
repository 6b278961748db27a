"""Real World Value Mapping objects (PS3.3 A.46) beside a PET series: they tell units that its own headers do not.

By the standard a slope is for stored values (C.7.6.16.2.11).  The PETDICOM extension of 3D Slicer writes one slope for
all images, which is meant for values after Rescale Slope, and so are its readers; which of the two an object means is
decided by the slopes themselves, and only where these leave it open by who made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.identity import differences, in_words, people_of
from coconet_med.dicom.realworld import Mapping, best_of, mappings
from coconet_med.dicom.series import Instance, Series

if TYPE_CHECKING:
    from pydicom import Dataset

MAPPING_CLASS = "1.2.840.10008.5.1.4.1.1.67"
MAPPING_MODALITY = "RWV"  # PS3.3 C.7.3.1.1.1
#: Manufacturer (0008,0070) of objects whose one slope is for rescaled values holds one of these words.
FOR_RESCALED = ("suvfactorcalculator", "petdicom")
#: Slopes that differ by less than this share are equal: they are written with few digits.
SAME = 1e-4


def attached(series: Iterable[Series], others: Iterable[Instance]) -> tuple[Series, ...]:
    """The series, each with the mapping objects that name its images."""
    objects = {one.uid: one for one in others if one.sop_class == MAPPING_CLASS and one.uid}
    if not objects:
        return tuple(series)
    named = [(one, {uid for uid, _, _ in _references(one.header)}) for _, one in sorted(objects.items())]
    found = []
    for one in series:
        own = {instance.uid for instance in one.instances}
        found.append(replace(one, mappings=tuple(instance for instance, uids in named if uids & own)))
    return tuple(found)


def mapped_by_objects(series: Series, frames: Sequence[Frame]) -> tuple[list[Mapping | None], tuple[str, ...]]:
    """The mapping of the stored values of each frame that the objects beside a series state, and what must be said.

    Args:
        series: with its objects (:attr:`~coconet_med.dicom.series.Series.mappings`).
        frames: of the series, with the slopes that its own headers state.

    Returns:
        A mapping for each frame, or ``None`` for all of them: an object counts for all images or not at all.
    """
    none: list[Mapping | None] = [None] * len(frames)
    notes: list[str] = []
    usable: list[list[Mapping]] = []
    for instance in series.mappings:
        problem = _problem(series, instance)
        found = [_best(instance.header, frame) for frame in frames]
        missing = sum(one is None for one in found)
        if not problem and missing:
            problem = f"states no single mapping to units known here for {missing} of the {len(frames)} images"
        if problem:
            notes.append(f"{_called(instance)} {problem}; it was not used")
            continue
        complete = [one for one in found if one is not None]
        if _is_for_rescaled(instance, complete, frames):
            complete = [_for_stored(one, frame) for one, frame in zip(complete, frames, strict=True)]
            notes.append(f"{_called(instance)} gives its slope for rescaled values (as 3D Slicer's PETDICOM does)")
        usable.append(complete)
    if not usable:
        return none, tuple(notes)
    first = usable[0]
    for other in usable[1:]:
        if any(not _agree(a, b) for a, b in zip(first, other, strict=True)):
            notes.append("the Real World Value Mapping objects beside the series contradict each other; none was used")
            return none, tuple(notes)
    return list(first), tuple(notes)


def extent(ds: Dataset) -> int:
    """How many mappings of images an object states: fewer than its header promises where it was cut."""
    return sum(len(headers.items(item, "RealWorldValueMappingSequence")) for _, _, item in _references(ds))


def _problem(series: Series, instance: Instance) -> str:
    """Why an object cannot speak for a series."""
    ds = instance.header
    different = differences(people_of([ds]), people_of(one.header for one in series.instances))
    if different:
        return f"is of another patient ({in_words(different)})"
    if headers.text(ds, "StudyInstanceUID") != series.study_uid:
        return "is of another study"
    stated = {headers.text(item, "SeriesInstanceUID") for item in headers.items(ds, "ReferencedSeriesSequence")}
    if stated and series.uid not in stated:
        return "names images of this series, but another series"
    return ""


def _references(ds: Dataset) -> Iterable[tuple[str, tuple[int, ...], Dataset]]:
    """SOP Instance UID, frame numbers (from 1; none: all) and the item of each image that an object names."""
    for item in headers.items(ds, "ReferencedImageRealWorldValueMappingSequence"):
        for image in headers.items(item, "ReferencedImageSequence"):
            numbers = tuple(int(n) for n in headers.words(image, "ReferencedFrameNumber") if n.strip().isdigit())
            yield headers.text(image, "ReferencedSOPInstanceUID"), numbers, item


def _best(ds: Dataset, frame: Frame) -> Mapping | None:
    """The mapping for one frame, in the units that are preferred."""
    items = [
        world
        for uid, numbers, item in _references(ds)
        if uid == frame.instance.uid and (not numbers or frame.index + 1 in numbers)
        for world in headers.items(item, "RealWorldValueMappingSequence")
    ]
    return best_of(mappings(items))


def _is_for_rescaled(instance: Instance, found: Sequence[Mapping], frames: Sequence[Frame]) -> bool:
    rescale = [frame.slope or 1.0 for frame in frames]
    if _equal(rescale):
        maker = headers.text(instance.header, "Manufacturer").lower()
        return any(word in maker for word in FOR_RESCALED) and not _equal([*rescale, 1.0])
    return _equal([one.slope for one in found])


def _for_stored(mapping: Mapping, frame: Frame) -> Mapping:
    """A mapping of rescaled values as one of stored values; its range of stored values means nothing then."""
    slope = 1.0 if frame.slope is None else frame.slope
    return Mapping(mapping.slope * slope, mapping.slope * frame.intercept + mapping.intercept, mapping.units)


def _equal(numbers: Sequence[float]) -> bool:
    return max(numbers) - min(numbers) <= SAME * max(abs(number) for number in numbers)


def _agree(one: Mapping, other: Mapping) -> bool:
    return one.units == other.units and _equal([one.slope, other.slope]) and abs(one.intercept - other.intercept) < 1e-6


def _called(instance: Instance) -> str:
    return f"Real World Value Mapping object {instance.name}"
