"""Do both DICOM headers describe one body, at one time?  SUV follows the weight, two heights are of two persons or a
slip, and what has changed since an earlier year does not fit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.decay import WEIGHT_KG
from coconet_med.dicom.drug import CENTIMETERS
from coconet_med.dicom.record import DicomRecord

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.source import Source

#: Weights of one body differ by less than this part, and heights of a grown one by less than so many m.
SAME_WEIGHT, SAME_HEIGHT_M = 0.15, 0.1
#: Who is shorter grows, or is an animal.
GROWN_M = 1.4
#: A weight holds for so long.
AS_LONG = timedelta(days=60)
#: How a patient lies in a scanner (Patient Position, PS3.3 C.7.3.1.1.2), head or feet first.
POSITIONS = {f"{first}{side}" for first in ("HF", "FF") for side in ("S", "P", "DR", "DL")}
#: Images that lie further apart than this are said to.
LONG_AGO = timedelta(days=365)


def body_warnings(anatomy: Source, function: Source) -> tuple[str, ...]:
    """Warnings where weight, height or the year is another in the header of the anatomy."""
    if not (isinstance(anatomy.dicom, DicomRecord) and isinstance(function.dicom, DicomRecord)):
        return ()
    with headers.quiet():
        compared = (_weights, _heights, _years, _positions)
        notes = [compare(anatomy, function) for compare in compared]
    return tuple(filter(None, notes))


def _weights(anatomy: Source, function: Source) -> str:
    taken = (function.details.get("suv") or {}).get("weight_kg")
    other = headers.number(_header(anatomy), "PatientWeight")
    if function.units != "SUVbw" or not taken or not other or not WEIGHT_KG[0] <= other <= WEIGHT_KG[1]:
        return ""
    first, second = _day(anatomy), _day(function)
    if abs(other / taken - 1.0) <= SAME_WEIGHT or (first and second and abs(first - second) > AS_LONG):
        return ""
    return (
        f"SUV: the patient weighs {taken:g} kg by {function.name}, which was taken, and {other:g} kg by "
        f"{anatomy.name}, by which SUV 1.00 would be {other / taken:.3g}"
    )


def _heights(anatomy: Source, function: Source) -> str:
    one, other = _height(_header(anatomy)), _height(_header(function))
    if one is None or other is None or min(one, other) < GROWN_M or abs(one - other) <= SAME_HEIGHT_M:
        return ""
    return (
        f"the patient is {one:g} m tall by {anatomy.name} and {other:g} m by {function.name}; make sure that both are "
        "of one person"
    )


def _years(anatomy: Source, function: Source) -> str:
    first, second = _day(anatomy), _day(function)
    if first is None or second is None or abs(first - second) <= LONG_AGO:
        return ""
    return (
        f"{anatomy.name} ({first:%Y-%m-%d}) and {function.name} ({second:%Y-%m-%d}) are {abs(first - second).days} "
        "days apart; make sure that they are meant for each other"
    )


def _positions(anatomy: Source, function: Source) -> str:
    """One frame of reference means that the patient did not move; who was turned around between two scans did."""
    if not anatomy.frame_of_reference or anatomy.frame_of_reference != function.frame_of_reference:
        return ""
    first, second = (headers.text(_header(source), "PatientPosition").strip().upper() for source in (anatomy, function))
    if first == second or not {first, second} <= POSITIONS:
        return ""
    return (
        f"{anatomy.name} (Patient Position {first}) and {function.name} ({second}) share a frame of reference, but the "
        "patient was turned around between them: look at the picture, and use --register always if it is displaced"
    )


def _day(source: Source) -> datetime | None:
    return headers.parse_datetime(headers.text(_header(source), "StudyDate").strip(), "00")


def _height(ds: Dataset) -> float | None:
    height = headers.number(ds, "PatientSize")
    if height is not None and CENTIMETERS[0] <= height <= CENTIMETERS[1]:
        height /= 100.0
    return height if height is not None and height <= CENTIMETERS[1] / 100.0 else None


def _header(source: Source) -> Dataset:
    return source.dicom.series.facts
