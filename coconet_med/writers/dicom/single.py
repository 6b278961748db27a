"""Single-frame forms: RGB Secondary Capture with Image Plane (PS3.3 A.8.1), and 12-bit gray MR Image (A.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.writers.dicom.derivation import (
    add_derivation,
    add_equipment,
    add_references,
    source_items,
    sources_of_slice,
)
from coconet_med.writers.dicom.modules import character_set, common
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.pixels import add_color, add_gray
from coconet_med.writers.dicom.plane import SlicePlanes, decimal

if TYPE_CHECKING:
    from pydicom import Dataset

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"


def secondary_captures(parts: FusedParts, planes: SlicePlanes, pixels: np.ndarray) -> Iterator[Dataset]:
    """One RGB Secondary Capture a slice.

    Args:
        parts: what is written.
        planes: places of the slices.
        pixels: uint8 (k, j, i, 3).
    """
    for index in range(len(pixels)):
        ds = common(parts, form="sc", sop_class=SECONDARY_CAPTURE, instance=index + 1)
        ds.ImageType = ["DERIVED", "SECONDARY", "FUSION"]
        secondary_capture_equipment(ds, parts)
        _slice(ds, parts, planes, index)
        add_color(ds, pixels[index])
        character_set(ds)
        yield ds


def gray_images(parts: FusedParts, planes: SlicePlanes, pixels: np.ndarray, *, form: str = "gray") -> Iterator[Dataset]:
    """One derived MR Image a slice.

    Args:
        parts: what is written.
        planes: places of the slices.
        pixels: uint16 (k, j, i) of 12 bits.
        form: ``"gray"`` or ``"navigation"``; series and objects of the two are not the same.
    """
    source = parts.record.header
    for index in range(len(pixels)):
        ds = common(parts, form=form, sop_class=MR_IMAGE, instance=index + 1)
        ds.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
        ds.ScanningSequence = "RM"  # research mode: the pixels follow no pulse sequence
        ds.SequenceVariant = "NONE"
        ds.ScanOptions = ""
        ds.MRAcquisitionType = _known(headers.text(source, "MRAcquisitionType").strip(), ("2D", "3D"))
        ds.RepetitionTime = ds.EchoTime = ds.EchoTrainLength = None
        _slice(ds, parts, planes, index)
        add_gray(ds, pixels[index])
        character_set(ds)
        yield ds


def secondary_capture_equipment(ds: Dataset, parts: FusedParts) -> None:
    """SC Equipment module (PS3.3 C.8.6.1): made on a workstation, by this program."""
    ds.ConversionType = "WSD"
    ds.SecondaryCaptureDeviceManufacturer = ds.Manufacturer
    ds.SecondaryCaptureDeviceManufacturerModelName = parts.software
    ds.SecondaryCaptureDeviceSoftwareVersions = parts.version


def _slice(ds: Dataset, parts: FusedParts, planes: SlicePlanes, index: int) -> None:
    """Image Plane, and the derivation of one slice."""
    ds.PatientOrientation = planes.patient_orientation()
    ds.ImagePositionPatient = decimal(planes.positions[index])
    ds.ImageOrientationPatient = decimal(planes.orientation)
    ds.PixelSpacing = decimal(planes.spacing)
    ds.SliceThickness = decimal(planes.step)[0]
    ds.SpacingBetweenSlices = decimal(planes.step)[0]
    sources = sources_of_slice(parts, planes, index)
    add_derivation(ds, parts)
    ds.SourceImageSequence = source_items(sources)
    add_references(ds, sources)
    add_equipment(ds, parts)


def _known(word: str, allowed: tuple[str, ...]) -> str:
    return word if word in allowed else ""
