"""Frames of a Nuclear Medicine object (PS3.3 C.8.4): only reconstructed tomography has a place in the patient.

The first frame's position and orientation stand in Detector Information Sequence; the further ones follow along the
normal of the first at Spacing Between Slices, whose sign says the way (C.8.4.15: positive is behind the first slice,
that is along rows x columns).  That attribute may be empty (type 2); Slice Thickness is then the only measure there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame, rescale
from coconet_med.dicom.kinds import VECTORS
from coconet_med.dicom.realworld import Mapping, best_mapping
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pydicom import Dataset


def nm_frames(instance: Instance, shape: tuple[int, int], count: int) -> Iterator[Frame]:
    """Frames of one reconstructed SPECT object; several energy windows or gates have equal places.

    Raises:
        ReadError: planar or projection data, or no place, or no distance of its slices.
    """
    ds, name = instance.header, instance.name
    kind = instance.image_type[2] if len(instance.image_type) > 2 else "unknown"
    if kind not in ("RECON TOMO", "RECON GATED TOMO"):
        raise ReadError(
            f"{name}: NM image of type '{kind}' is planar or projection data, not slices; "
            "choose the reconstructed series (RECON TOMO)"
        )
    if "TRANSMISSION" in instance.image_type:
        raise ReadError(
            f"{name}: NM image of type 'TRANSMISSION' shows attenuation, not uptake; choose the series of type EMISSION"
        )
    places = _order(instance, count)
    position, orientation = _first_place(ds, name)
    spacing = headers.numbers(ds, "PixelSpacing", 2)
    step = headers.number(ds, "SpacingBetweenSlices") or assumed_step(ds)
    if spacing is None:
        raise ReadError(f"{name}: has no usable PixelSpacing")
    if count > 1 and not step:
        raise ReadError(
            f"{name}: NM object without Spacing Between Slices or Slice Thickness; slice positions are unknown: export "
            "it again, or set Spacing Between Slices (0018,0088)"
        )
    normal = np.cross(orientation[:3], orientation[3:])
    slope, intercept, units, mapping = _values(instance)
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
            mapped=mapping,
        )


def assumed_step(ds: Dataset) -> float | None:
    """Slice Thickness, mm, of an NM object of several frames that states no Spacing Between Slices; else ``None``.

    Reconstructed slices touch each other in practice, but nothing says which way they follow.
    """
    if headers.number(ds, "SpacingBetweenSlices") or (headers.whole(ds, "NumberOfFrames") or 1) < 2:
        return None
    thickness = headers.number(ds, "SliceThickness")
    return thickness if thickness and thickness > 0 else None


def _order(instance: Instance, count: int) -> list[int]:
    """Place of each frame along the slices, from 0; each volume of the object has every place once.

    Raises:
        ReadError: Slice Vector does not number the slices of each volume, or is missing where there are several.
    """
    ds, name = instance.header, instance.name
    vectors = [found for keyword in VECTORS if len(found := headers.numbers(ds, keyword) or ()) == count]
    volumes = len(set(zip(*vectors, strict=True))) if vectors else 1
    order = headers.numbers(ds, "SliceVector")
    if order is None:
        if volumes > 1:
            raise ReadError(f"{name}: NM object of {volumes} volumes without Slice Vector; export one of them")
        return list(range(count))
    if count % volumes or sorted(order) != sorted(list(range(1, count // volumes + 1)) * volumes):
        raise ReadError(f"{name}: Slice Vector does not number {count} frames as {volumes} volume(s)")
    return [int(number) - 1 for number in order]


def _first_place(ds: Dataset, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
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


def _values(instance: Instance) -> tuple[float | None, float, str, Mapping | None]:
    """Slope, intercept and units: a real-world mapping to Bq/ml (quantitative SPECT) before a plain rescaling."""
    ds = instance.header
    mapping = best_mapping(headers.items(ds, "RealWorldValueMappingSequence"))
    if mapping is not None:
        return mapping.slope, mapping.intercept, mapping.units, mapping
    return *rescale(ds, instance), headers.text(ds, "Units").strip(), None
