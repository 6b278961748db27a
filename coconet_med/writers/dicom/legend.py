"""The legend of a fused series in DICOM: an image of its own, or a margin beside each slice.

An image of its own has no place in the patient: neither Image Position nor Pixel Spacing, so that nobody measures on it
and no program takes it for a slice.  By default it is a series of its own, since programs that read the files of a
series as one volume (SimpleITK, dcm2niix, 3D Slicer) fail at one of another size, or put it behind the last slice.

A margin is added behind the last column and, of small slices, behind the last row: so Image Position, which is that of
the first pixel, Pixel Spacing and orientation stay true for every pixel of the slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from coconet_med.choices import LegendPlace, one_of
from coconet_med.writers.dicom.derivation import add_derivation, add_equipment
from coconet_med.writers.dicom.modules import character_set, common
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.pixels import add_color
from coconet_med.writers.dicom.single import SECONDARY_CAPTURE, secondary_capture_equipment

if TYPE_CHECKING:
    from pydicom import Dataset

#: Of the lowest and of the highest legend, in pixels.
LOWEST, HIGHEST = 128, 512

#: Elements that tell a place in the patient, which a legend has none of.
_PLACE = ("FrameOfReferenceUID", "PositionReferenceIndicator", "PatientPosition")


def check_place(place: str) -> None:
    """Refuse what is no place of a legend."""
    one_of("--dicom-legend", place, get_args(LegendPlace))


def legend_height(rows: int) -> int:
    """Height of the legend beside slices of so many rows."""
    return min(max(LOWEST, rows), HIGHEST)


def legend_object(parts: FusedParts, legend: np.ndarray, *, form: str, instance: int | None = None) -> Dataset:
    """The legend as Secondary Capture.

    Args:
        parts: what the fused series is made of.
        legend: RGB ``uint8`` (rows, columns, 3).
        form: of the fused series.
        instance: its number in the fused series; ``None`` for a series of its own.
    """
    number = instance or 1
    ds = common(parts, form=form, sop_class=SECONDARY_CAPTURE, instance=number)
    ds.SOPInstanceUID = parts.uid("legend", form)
    ds.ImageType = ["DERIVED", "SECONDARY", "LEGEND"]
    ds.PatientOrientation = ""
    ds.RecognizableVisualFeatures = "NO"
    for keyword in ("AcquisitionDate", "AcquisitionTime", "AcquisitionNumber"):
        ds.pop(keyword, None)
    if instance is None:
        ds.Modality = "OT"
        ds.SeriesInstanceUID = parts.uid("series", "legend", form)
        ds.SeriesNumber = int(ds.SeriesNumber) + 4000
        ds.SeriesDescription = f"Legend: fused {parts.modalities}"
        for keyword in _PLACE:
            ds.pop(keyword, None)
    secondary_capture_equipment(ds, parts)
    add_derivation(ds, parts)
    add_equipment(ds, parts)
    add_color(ds, legend)
    character_set(ds)
    return ds


def with_margin(pixels: np.ndarray, legend: np.ndarray) -> np.ndarray:
    """Slices (k, j, i, 3) with a legend at their right, both ``uint8``; black rows below where the legend is higher."""
    count, rows, columns, _ = pixels.shape
    high, wide, _ = legend.shape
    out = np.zeros((count, max(rows, high), columns + wide, 3), np.uint8)
    out[:, :rows, :columns] = pixels
    top = (out.shape[1] - high) // 2
    out[:, top : top + high, columns:] = legend
    return out
