"""A DICOM Spatial Registration object (PS3.3 A.39.1): how the functional series lies in the frame of the anatomy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.record import DicomRecord
from coconet_med.geometry import matrix_of
from coconet_med.transform_files.spatial_registration import SPATIAL_REGISTRATION
from coconet_med.transform_files.stored import is_rigid
from coconet_med.writers.dicom.derivation import add_equipment, add_references, code
from coconet_med.writers.dicom.modules import character_set, common
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.write import save_one

if TYPE_CHECKING:
    from pydicom import Dataset

IMAGE_REGISTRATION = ("125024", "Image Content-based Alignment")
#: What :func:`common` says of images, and a registration has not.
OF_IMAGES = (
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionNumber", "BurnedInAnnotation", "RecognizableVisualFeatures"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod", "ImageComments"),
    *("PatientPosition", "Laterality"),
)


def registration_writer(parts: FusedParts) -> Callable[[Path], None]:
    """What writes the object to a given path."""

    def write(path: Path) -> None:
        with headers.quiet():
            save_one(registration(parts), path)

    return write


def registration(parts: FusedParts) -> Dataset:
    """The object, of two series that both came from DICOM; it lies in the frame of reference of the anatomy.

    Its two items take the points of each series to that frame: those of the anatomy stay, those of the function move.
    """
    ds = common(parts, form="registration", sop_class=SPATIAL_REGISTRATION, instance=1)
    for keyword in OF_IMAGES:
        ds.pop(keyword, None)
    ds.Modality = "REG"
    ds.SeriesNumber = ds.SeriesNumber + 1000
    ds.SeriesDescription = f"Registration {parts.modalities} (research)"
    ds.ContentLabel = "REGISTRATION"
    ds.ContentDescription = "Research use only. Functional series to anatomical series"
    ds.ContentCreatorName = ""
    anatomy, function = parts.records
    to_function = _matrix(parts)
    ds.RegistrationSequence = [
        _item(anatomy, ds.FrameOfReferenceUID, np.eye(4)),
        _item(function, parts.function.frame_of_reference or "", np.linalg.inv(to_function)),
    ]
    add_references(ds, [(record, list(record.slices)) for record in (anatomy, function)])
    add_equipment(ds, parts)
    ds.ContributingEquipmentSequence[-1].ContributionDescription = "Registration of two series; research use only"
    character_set(ds)
    return ds


def _matrix(parts: FusedParts) -> np.ndarray:
    """Anatomical to functional points, 4 x 4, LPS mm."""
    return np.eye(4) if parts.transform is None else matrix_of(parts.transform)


def _item(record: DicomRecord, frame: str, matrix: np.ndarray) -> Dataset:
    from pydicom import Dataset

    from coconet_med.writers.dicom.plane import decimal

    step = Dataset()
    step.FrameOfReferenceTransformationMatrix = decimal(matrix.ravel())
    step.FrameOfReferenceTransformationMatrixType = "RIGID" if is_rigid(matrix) else "AFFINE"
    registration = Dataset()
    registration.RegistrationTypeCodeSequence = [code(IMAGE_REGISTRATION)]
    registration.MatrixSequence = [step]
    registration.FrameOfReferenceTransformationComment = "points of this series to those of the anatomy"
    item = Dataset()
    if frame:
        item.FrameOfReferenceUID = frame
    item.ReferencedImageSequence = []
    for sop_class, uid in dict.fromkeys((r.sop_class, r.uid) for r in record.slices):
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = sop_class, uid
        item.ReferencedImageSequence.append(image)
    item.MatrixRegistrationSequence = [registration]
    return item
