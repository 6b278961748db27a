"""Segmentations of 3D Slicer (``.seg.nrrd``): one or several layers of labels, with the names of their segments.

The header names each segment (``Segment0_Name``), its number within its layer (``Segment0_LabelValue``) and the layer
(``Segment0_Layer``); segments that overlap lie in layers of their own, which NRRD keeps as values of one voxel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.geometry import set_geometry
from coconet_med.readers.intact import check_intact


def is_slicer_segmentation(path: Path) -> bool:
    """Whether a NRRD file holds segments of 3D Slicer, by its header."""
    if not path.is_file() or not path.name.lower().endswith((".nrrd", ".nhdr")):
        return False
    with path.open("rb") as file:
        return b"\nSegment0_ID:=" in file.read(2**20).partition(b"\n\n")[0]


def read_slicer_segments(path: Path) -> tuple[tuple[sitk.Image, ...], dict[int, str]]:
    """Label maps (``int32``) and names by label, which is the LabelValue where that is of one segment only, else its
    place in the list, from 1.

    Raises:
        ReadError: damaged, in fractions, or without a voxel in any segment.
    """
    check_intact(path)
    try:
        image = sitk.ReadImage(str(path))
        stored = sitk.GetArrayFromImage(image)
        segments = _segments(image)
    except (RuntimeError, ValueError) as error:
        raise ReadError(f"{path}: cannot be read as a segmentation of 3D Slicer; save it again") from error
    if stored.dtype.kind not in "iu":
        raise ReadError(f"{path}: holds fractions; export it as a binary segmentation or a label map")
    stored = stored if stored.ndim == 4 else stored[..., None]
    values = [value for value, _, _ in segments]
    numbers = values if len(set(values)) == len(values) and 0 not in values else range(1, len(values) + 1)
    layers = [np.zeros(stored.shape[:3], np.int32) for _ in range(stored.shape[3])]
    names = {}
    for number, (value, layer, name) in zip(numbers, segments, strict=True):
        if layer >= len(layers):
            raise ReadError(f"{path}: puts {name} into layer {layer}, and has {len(layers)}; save it again")
        layers[layer][stored[..., layer] == value] = number
        names[number] = name
    if not any(layer.any() for layer in layers):
        raise ReadError(f"{path}: holds no segment with voxels; export it again")
    images = tuple(sitk.GetImageFromArray(labels) for labels in layers)
    for made in images:
        set_geometry(made, image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return images, names


def _segments(image: sitk.Image) -> list[tuple[int, int, str]]:
    """Label value, layer and name of each segment."""
    found: list[tuple[int, int, str]] = []
    while image.HasMetaDataKey(f"Segment{len(found)}_ID"):
        facts = {
            key: image.GetMetaData(f"Segment{len(found)}_{key}").strip()
            for key in ("ID", "LabelValue", "Layer", "Name")
            if image.HasMetaDataKey(f"Segment{len(found)}_{key}")
        }
        found.append((int(facts.get("LabelValue", 1)), int(facts.get("Layer", 0)), facts.get("Name") or facts["ID"]))
    return found
