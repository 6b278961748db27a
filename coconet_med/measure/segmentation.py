"""DICOM Segmentation objects (PS3.3 A.51): binary segments and label maps, on a grid of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.dicom import headers
from coconet_med.dicom.geometry import direction_of
from coconet_med.errors import GeometryError, ReadError
from coconet_med.geometry import set_geometry

if TYPE_CHECKING:
    from pydicom import Dataset

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
#: How far a slice may lie from its place on an even grid, as a share of the step.
UNEVEN = 0.05


def is_segmentation(path: Path) -> bool:
    """Whether a file is DICOM; which object it is, is seen when it is read."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_segmentation(path: Path) -> tuple[tuple[sitk.Image, ...], dict[int, str], str | None]:
    """Label maps, names by segment number, and the frame of reference.

    Raises:
        ReadError: another object, damaged, or fractional.
        GeometryError: slices that are uneven or not parallel.
    """
    import pydicom

    with headers.quiet():
        try:
            ds = pydicom.dcmread(path)
            if ds.get("SOPClassUID") not in (SEGMENTATION, LABEL_MAP):
                kind = headers.text(ds, "Modality") or "unknown"
                raise ReadError(f"{path}: is a DICOM object of modality {kind}, no segmentation; give a SEG object")
            if headers.text(ds, "SegmentationType") == "FRACTIONAL":
                raise ReadError(f"{path}: holds fractions; export it as a binary segmentation or a label map")
            pixels = np.asarray(ds.pixel_array).reshape(-1, int(ds.Rows), int(ds.Columns))
            names = {int(item.SegmentNumber): headers.text(item, "SegmentLabel") for item in ds.SegmentSequence}
            numbers, places, axes, spacing, step = _frames(ds)
        except ReadError:
            raise
        except Exception as error:  # pydicom raises many kinds for damaged files
            raise ReadError(f"{path}: cannot be read as a DICOM segmentation; export it again") from error
    direction = direction_of(axes[:3], axes[3:])
    normal = direction[:, 2]
    along = places @ normal
    if step is None:
        apart = np.diff(np.unique(np.round(along, 3)))
        step = float(apart.min()) if apart.size else 1.0
    index = np.rint((along - along.min()) / step).astype(int)
    sideways = places - places[along.argmin()] - np.outer(along - along.min(), normal)
    if np.abs(index * step - (along - along.min())).max() > UNEVEN * step or np.abs(sideways).max() > UNEVEN * step:
        raise GeometryError(f"{path}: its slices are uneven or not on one grid; export it on the grid of its image")
    shape = (int(index.max()) + 1, *pixels.shape[1:])
    layers = [np.zeros(shape, np.int32)]
    for plane, k, number in zip(pixels, index, numbers, strict=True):
        values = plane.astype(np.int32) if number is None else np.where(plane > 0, number, 0)
        layer = next((one for one in layers if not (one[k][values > 0]).any()), None)
        if layer is None:
            layer = np.zeros(shape, np.int32)
            layers.append(layer)
        layer[k][values > 0] = values[values > 0]
    images = tuple(sitk.GetImageFromArray(layer) for layer in layers)
    for image in images:
        set_geometry(image, (spacing[1], spacing[0], step), places[along.argmin()], direction)
    if not any(sitk.GetArrayViewFromImage(image).any() for image in images):
        raise ReadError(f"{path}: holds no segment with voxels; export it again")
    return images, {number: name for number, name in names.items() if number}, headers.text(ds, "FrameOfReferenceUID")


def _frames(ds: Dataset) -> tuple[list[int | None], np.ndarray, np.ndarray, list[float], float | None]:
    """Segment number (``None``: a label map), position, then orientation, spacing and step of all frames."""
    shared = ds.SharedFunctionalGroupsSequence[0]
    groups = list(ds.PerFrameFunctionalGroupsSequence)

    def of(group: Dataset, keyword: str) -> Dataset:
        return (group.get(keyword) or shared.get(keyword))[0]

    label_map = ds.SOPClassUID == LABEL_MAP
    numbers = [
        None if label_map else int(of(group, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        for group in groups
    ]
    places = np.array([of(group, "PlanePositionSequence").ImagePositionPatient for group in groups], float)
    turned = np.array([of(group, "PlaneOrientationSequence").ImageOrientationPatient for group in groups], float)
    if np.abs(turned - turned[0]).max() > 1e-4:
        raise ReadError("slices that are not parallel")
    measures = of(groups[0], "PixelMeasuresSequence")
    step = headers.number(measures, "SpacingBetweenSlices")
    return numbers, places, turned[0], [float(v) for v in measures.PixelSpacing], abs(step) if step else None
