"""Where the result came from: source images, referenced series, derivation, and the machines that took part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.record import DicomRecord, SliceReference
from coconet_med.dicom.series import OWN_MANUFACTURER
from coconet_med.geometry import direction_matrix
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.plane import SlicePlanes

if TYPE_CHECKING:
    from pydicom import Dataset

SPATIAL_RESAMPLING = ("113085", "Spatial resampling")
PROCESSING_SOURCE = ("121322", "Source image for image processing operation")
ACQUISITION = ("109101", "Acquisition Equipment")
PROCESSING = ("109102", "Processing Equipment")


def code(value: tuple[str, str]) -> Dataset:
    """Item of a code sequence in the DICOM controlled terminology (PS3.16 annex D)."""
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodeMeaning = value
    item.CodingSchemeDesignator = "DCM"
    return item


def sources_of_slice(
    parts: FusedParts, planes: SlicePlanes, index: int
) -> list[tuple[DicomRecord, list[SliceReference]]]:
    """The source frames that slice ``index`` of the result was made of, for each source that has headers."""
    corners = _corners(planes, index)
    own = direction_matrix(parts.anatomy.image)[:, 2]  # slices of the result may be others
    straight = abs(float(own @ planes.normal)) > 1 - 1e-6
    step = planes.step if straight else parts.anatomy.image.GetSpacing()[2]
    found = [(parts.record, _near(parts.record, planes.normal if straight else own, corners, step))]
    for record in parts.records[1:]:
        image = parts.function.image
        moved = corners if parts.transform is None else [parts.transform.TransformPoint(list(c)) for c in corners]
        axis = direction_matrix(image)[:, 2]
        found.append((record, _near(record, axis, np.array(moved), 2 * image.GetSpacing()[2])))
    return [(record, references) for record, references in found if references]


def source_items(sources: Sequence[tuple[DicomRecord, list[SliceReference]]]) -> list[Dataset]:
    """Items of Source Image Sequence: one for each object, with frame numbers where it holds several."""
    from pydicom import Dataset

    items = []
    for record, references in sources:
        by_object: dict[tuple[str, str], list[int]] = {}
        for reference in references:
            by_object.setdefault((reference.sop_class, reference.uid), []).append(reference.frame)
        for (sop_class, uid), numbers in by_object.items():
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            if uid in record.multiframes:
                item.ReferencedFrameNumber = sorted(numbers)
            item.PurposeOfReferenceCodeSequence = [code(PROCESSING_SOURCE)]
            items.append(item)
    return items


def add_references(ds: Dataset, sources: Sequence[tuple[DicomRecord, list[SliceReference]]]) -> None:
    """Common Instance Reference module (PS3.3 C.12.2): the same objects by series, and by study where it is another."""
    from pydicom import Dataset

    other: dict[str, list[Dataset]] = {}
    here: list[Dataset] = []
    for record, references in sources:
        series = _series_item(record, references)
        study = record.series.study_uid
        (here if study == ds.StudyInstanceUID else other.setdefault(study, [])).append(series)
    if here:
        ds.ReferencedSeriesSequence = here
    if other:
        ds.StudiesContainingOtherReferencedInstancesSequence = []
        for study, members in other.items():
            item = Dataset()
            item.StudyInstanceUID = study
            item.ReferencedSeriesSequence = members
            ds.StudiesContainingOtherReferencedInstancesSequence.append(item)


def add_evidence(ds: Dataset, sources: Sequence[tuple[DicomRecord, list[SliceReference]]]) -> None:
    """Source Image Evidence Sequence, which an enhanced object has beside the references by series."""
    from pydicom import Dataset

    ds.SourceImageEvidenceSequence = []
    for record, references in sources:
        item = Dataset()
        item.StudyInstanceUID = record.series.study_uid
        item.ReferencedSeriesSequence = [_series_item(record, references, "ReferencedSOPSequence")]
        ds.SourceImageEvidenceSequence.append(item)


def add_derivation(ds: Dataset, parts: FusedParts) -> None:
    """Derivation Description and Code (General Image)."""
    ds.DerivationDescription = parts.derivation
    ds.DerivationCodeSequence = [code(SPATIAL_RESAMPLING)]


def add_equipment(ds: Dataset, parts: FusedParts) -> None:
    """Contributing Equipment Sequence: the scanners, and this program."""
    from pydicom import Dataset

    ds.ContributingEquipmentSequence = []
    for record in parts.records:
        item = Dataset()
        item.PurposeOfReferenceCodeSequence = [code(ACQUISITION)]
        item.Manufacturer = headers.text(record.header, "Manufacturer")[:64].strip() or "UNKNOWN"
        for keyword, length in (("ManufacturerModelName", 64), ("StationName", 16), ("DeviceSerialNumber", 64)):
            if found := headers.text(record.header, keyword)[:length].strip():
                setattr(item, keyword, found)
        ds.ContributingEquipmentSequence.append(item)
    own = Dataset()
    own.PurposeOfReferenceCodeSequence = [code(PROCESSING)]
    own.Manufacturer = OWN_MANUFACTURER
    own.ManufacturerModelName = parts.software
    own.SoftwareVersions = parts.version
    own.ContributionDateTime = parts.created.strftime("%Y%m%d%H%M%S")
    own.ContributionDescription = "Image fusion by neural network; research use only"
    ds.ContributingEquipmentSequence.append(own)


def _series_item(
    record: DicomRecord, references: Sequence[SliceReference], keyword: str = "ReferencedInstanceSequence"
) -> Dataset:
    """A series with the objects referenced in it; the two modules that say so use different sequences."""
    from pydicom import Dataset

    series = Dataset()
    series.SeriesInstanceUID = record.series.uid
    found = []
    for sop_class, uid in dict.fromkeys((r.sop_class, r.uid) for r in references):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        found.append(item)
    setattr(series, keyword, found)
    return series


def _corners(planes: SlicePlanes, index: int) -> np.ndarray:
    row = np.array(planes.orientation[:3]) * planes.spacing[1] * (planes.columns - 1)
    column = np.array(planes.orientation[3:]) * planes.spacing[0] * (planes.rows - 1)
    first = planes.positions[index]
    return np.array([first, first + row, first + column, first + row + column])


def _near(record: DicomRecord, normal: np.ndarray, points: np.ndarray, step: float) -> list[SliceReference]:
    """Frames whose plane lies between the points, seen along ``normal``, or less than half of ``step`` away."""
    low, high = (points @ normal).min(), (points @ normal).max()
    reach = step / 2 * (1 + 1e-6)
    return [r for r in record.slices if low - reach <= np.dot(normal, r.position) <= high + reach]
