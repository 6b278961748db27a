"""The matrices of a DICOM Spatial Registration object (PS3.3 A.39.1, C.20.2) between two images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.record import DicomRecord
from coconet_med.errors import GeometryError, ReadError
from coconet_med.source import Source
from coconet_med.transform_files.stored import StoredTransform

if TYPE_CHECKING:
    from pydicom import Dataset

SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"


def read_registration(path: Path, anatomy: Source, function: Source) -> StoredTransform:
    """The transform that a Spatial Registration object states between two images.

    Each of its items takes points of the images or of the frame of reference that it names to those of the object's
    own frame of reference.  An image that no item names, and whose frame of reference is the object's own, stays.

    Raises:
        ReadError: another DICOM object, or one without matrices.
        GeometryError: it does not speak of these two images.
    """
    import pydicom

    with headers.quiet():
        try:
            ds = pydicom.dcmread(path)
        except Exception as error:  # pydicom raises many kinds for damaged files
            raise ReadError(f"{path}: cannot be read as DICOM; export the Spatial Registration again") from error
        if headers.text(ds, "SOPClassUID") != SPATIAL_REGISTRATION:
            kind = headers.text(ds, "Modality") or "unknown"
            raise ReadError(f"{path}: is a DICOM object of modality {kind}, no Spatial Registration; give that one")
        own = headers.text(ds, "FrameOfReferenceUID")
        try:
            items = [(item, _matrix(item)) for item in ds.get("RegistrationSequence") or []]
        except (AttributeError, ValueError, TypeError) as error:
            raise ReadError(f"{path}: one of its registrations has no complete matrix; export it again") from error
        first, second = (_to_common(items, own, source, path) for source in (anatomy, function))
    forward = np.linalg.inv(second) @ first
    stated = "between the two images that it names"
    return StoredTransform(forward, np.linalg.inv(forward), path.name, "DICOM Spatial Registration", stated)


def _matrix(item: Dataset) -> np.ndarray:
    """Its matrices, the first applied first."""
    whole = np.eye(4)
    for registration in item.MatrixRegistrationSequence:
        for step in registration.MatrixSequence:
            whole = np.array([float(v) for v in step.FrameOfReferenceTransformationMatrix]).reshape(4, 4) @ whole
    if abs(np.linalg.det(whole)) < 1e-6:
        raise ValueError
    return whole


def _to_common(items: list[tuple[Dataset, np.ndarray]], own: str, source: Source, path: Path) -> np.ndarray:
    """Points of an image to those of the object's frame of reference."""
    record = source.dicom if isinstance(source.dicom, DicomRecord) else None
    objects = {reference.uid for reference in record.slices} if record else set()
    for item, matrix in items:  # an item that names the images says more than one that names their frame
        named = {headers.text(image, "ReferencedSOPInstanceUID") for image in item.get("ReferencedImageSequence") or []}
        if named & objects:
            return matrix
    frame = source.frame_of_reference
    for item, matrix in items:
        if frame and not item.get("ReferencedImageSequence") and headers.text(item, "FrameOfReferenceUID") == frame:
            return matrix
    listed = [matrix for item, matrix in items if frame and headers.text(item, "FrameOfReferenceUID") == frame]
    if listed and all(np.allclose(matrix, listed[0]) for matrix in listed):
        return listed[0]
    if frame and frame == own:
        return np.eye(4)
    raise GeometryError(
        f"{path}: says nothing about {source.name} (neither its images nor its frame of reference); give the Spatial "
        "Registration of these two series"
        + ("" if record else ", and the series as DICOM, or export the transform as .tfm")
    )
