"""Frames of a Nuclear Medicine object (PS3.3 C.8.4): only reconstructed tomography has a place in the patient.

The first frame's position and orientation stand in Detector Information Sequence; the further ones follow along the
normal of the first at Spacing Between Slices, whose sign says the way (C.8.4.15: positive is behind the first slice,
that is along rows x columns).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame, rescale
from coconet_med.dicom.realworld import best_mapping
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError

#: Vectors (PS3.3 C.8.4.8) whose change from frame to frame makes several volumes, with the name used in messages.
VECTORS = {
    "EnergyWindowVector": "energy windows",
    "DetectorVector": "detectors",
    "PhaseVector": "phases",
    "RotationVector": "rotations",
    "RRIntervalVector": "R-R intervals",
    "TimeSlotVector": "time slots (gated)",
    "AngularViewVector": "angular views (projections)",
    "TimeSliceVector": "time slices",
}


def nm_frames(instance: Instance, shape: tuple[int, int], count: int) -> Iterator[Frame]:
    """Frames of one reconstructed SPECT object.

    Raises:
        ReadError: planar, projection or gated data, or no place, or no Spacing Between Slices.
    """
    ds, name = instance.header, instance.name
    kind = instance.image_type[2] if len(instance.image_type) > 2 else "unknown"
    if kind not in ("RECON TOMO", "RECON GATED TOMO"):
        raise ReadError(
            f"{name}: NM image of type '{kind}' is planar or projection data, not slices; "
            "choose the reconstructed series (RECON TOMO)"
        )
    for keyword, what in VECTORS.items():
        if len(set(headers.numbers(ds, keyword) or ())) > 1:
            raise ReadError(f"{name}: NM object holds several {what}; export one reconstructed volume")
    order = headers.numbers(ds, "SliceVector")
    if order is not None and sorted(order) != list(range(1, count + 1)):
        raise ReadError(f"{name}: Slice Vector does not number {count} frames 1 to {count}")
    places = [order[i] - 1 for i in range(count)] if order else list(range(count))

    position, orientation = _first_place(ds, name)
    spacing = headers.numbers(ds, "PixelSpacing", 2)
    step = headers.number(ds, "SpacingBetweenSlices")
    if spacing is None:
        raise ReadError(f"{name}: has no usable PixelSpacing")
    if count > 1 and not step:
        raise ReadError(f"{name}: NM object without Spacing Between Slices; slice positions are unknown")
    normal = np.cross(orientation[:3], orientation[3:])
    slope, intercept, units = _values(instance)
    for index, place in enumerate(places):
        yield Frame(
            instance,
            index,
            tuple(np.asarray(position) + place * (step or 0.0) * normal),
            orientation,
            spacing,
            shape,
            slope,
            intercept,
            units,
            kind=(instance.image_type, headers.words(ds, "CorrectedImage")),
        )


def _first_place(ds, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Position and orientation of the first frame; all detectors that state one must agree."""
    holders = [*headers.items(ds, "DetectorInformationSequence"), ds]
    found = {
        (position, orientation)
        for holder in holders
        if (position := headers.numbers(holder, "ImagePositionPatient", 3)) is not None
        and (orientation := headers.numbers(holder, "ImageOrientationPatient", 6)) is not None
    }
    if not found:
        raise ReadError(f"{name}: NM object has no position and orientation in Detector Information Sequence")
    if len(found) > 1:
        raise ReadError(f"{name}: NM object states {len(found)} different positions for its first slice")
    return found.pop()


def _values(instance: Instance) -> tuple[float | None, float, str]:
    """Slope, intercept and units: a real-world mapping to Bq/ml (quantitative SPECT) before a plain rescaling."""
    ds = instance.header
    mapping = best_mapping(headers.items(ds, "RealWorldValueMappingSequence"))
    if mapping is not None:
        return mapping.slope, mapping.intercept, mapping.units
    return *rescale(ds, instance), headers.text(ds, "Units").strip()
