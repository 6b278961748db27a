"""A segmentation: label maps with the names of their regions, from NIfTI, NRRD, MetaImage, MGH or DICOM SEG."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.measure.names import names_for
from coconet_med.measure.segmentation import is_segmentation, read_segmentation
from coconet_med.measure.slicer_segments import is_slicer_segmentation, read_slicer_segments
from coconet_med.source import Source

#: Labels that scale factors or floats keep as 2.9999998 are 3.
ROUNDED = 1e-3
#: Beyond this number the floats that images are read into hold not every whole number, and labels would flow together.
LARGEST = 2**24
_NO_VOXELS = sitk.Image(1, 1, 1, sitk.sitkFloat32)


@dataclass(frozen=True)
class Labels:
    """A segmentation on one grid.

    Attributes:
        layers: ``int32`` label maps (LPS mm) of one grid, 0 for none; several where regions overlap.
        names: of each label.
        name: of the file.
        frame_of_reference: DICOM Frame of Reference UID, where known.
        source: what its files say of patient and space; it holds no voxels.
    """

    layers: tuple[sitk.Image, ...]
    names: dict[int, str]
    name: str
    frame_of_reference: str | None = None
    source: Source | None = None

    @property
    def grid(self) -> sitk.Image:
        return self.layers[0]

    @property
    def values(self) -> list[int]:
        """All labels but 0, ascending."""
        found = [np.unique(sitk.GetArrayViewFromImage(layer)) for layer in self.layers]
        return [int(value) for value in np.unique(np.concatenate(found)) if value != 0]

    def mask(self, label: int) -> np.ndarray:
        """Where a region is, bool (k, j, i)."""
        return np.any([sitk.GetArrayViewFromImage(layer) == label for layer in self.layers], axis=0)


def read_labels(path: str | Path, *, names: str | Path | None = None) -> Labels:
    """Read a segmentation.

    Args:
        path: a label map, a mask, or a DICOM Segmentation object.
        names: see :func:`coconet_med.measure.names.names_for`; DICOM and 3D Slicer bring their own.

    Raises:
        ReadError: no such file, damaged, not of whole numbers, or without a label.
    """
    from coconet_med.readers import read

    path = Path(path)
    if is_segmentation(path):
        layers, own, frame = read_segmentation(path)
        return Labels(layers, own, path.name, frame, _dicom_source(path))
    if is_slicer_segmentation(path):
        layers, own = read_slicer_segments(path)
        return Labels(layers, own, path.name, source=Source(_NO_VOXELS, path.name, files=(path,)))
    source = read(path, "anatomy")
    values = sitk.GetArrayViewFromImage(source.image)
    if np.abs(values - np.rint(values)).max() > ROUNDED or values.min() < -ROUNDED:
        raise ReadError(f"{path}: holds fractions or negative values, so it is no segmentation; give a map of labels")
    if values.max() > LARGEST:
        msg = f"{path}: holds the label {values.max():.0f}, and {LARGEST} is the largest that is told from others; "
        raise ReadError(f"{msg}number its regions from 1 on")
    image = sitk.Cast(sitk.Round(source.image), sitk.sitkInt32)
    labels = Labels((image,), {}, path.name, source.frame_of_reference)
    if not labels.values:
        raise ReadError(f"{path}: holds no label above 0; give a segmentation")
    told = replace(source, image=_NO_VOXELS)
    return Labels((image,), names_for(path, labels.values, names), path.name, source.frame_of_reference, told)


def _dicom_source(path: Path) -> Source:
    """What the header of a DICOM object says of its patient."""
    from coconet_med.dicom.record import DicomRecord
    from coconet_med.dicom.scan import read_header
    from coconet_med.dicom.series import Series

    instance = read_header(path)
    record = DicomRecord(Series("", (instance,)), ()) if instance is not None else None
    return Source(_NO_VOXELS, path.name, files=(path,), dicom=record)


def other_frame(labels: Labels, anatomy: Source) -> tuple[str, ...]:
    """A warning where the headers say that the segmentation was made in another world than the anatomy."""
    frames = labels.frame_of_reference, anatomy.frame_of_reference
    if not all(frames) or frames[0] == frames[1]:
        return ()
    words = "has another DICOM frame of reference than"
    return (f"{labels.name}: {words} {anatomy.name}; check that its regions lie where they should",)
