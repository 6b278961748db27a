"""A fused DICOM series of ours read back as a color volume: Secondary Capture slices, or one enhanced object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.geometry import direction_of
from coconet_med.dicom.scan import read_header
from coconet_med.dicom.series import OWN_MANUFACTURER, Instance
from coconet_med.errors import ReadError
from coconet_med.geometry import set_geometry

if TYPE_CHECKING:
    import SimpleITK as sitk
    from pydicom import Dataset

#: RGB slices with a place, and the enhanced form.
COLOR_CLASSES = ("1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.4.3")


def read_fused(folder: Path) -> sitk.Image:
    """The colors of a fused series, RGB ``uint8`` on its grid (LPS mm).

    Pictures in the folder that have no place (a legend) are passed over.

    Raises:
        ReadError: no such folder, no fused series of ours in color, several, or slices that are missing.
    """
    if not folder.exists():
        raise ReadError(f"{folder}: no such file or folder; give a fused series")
    files = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    found = [one for path in files if path.is_file() and (one := read_header(path)) is not None]
    own = [one for one in found if headers.text(one.header, "Manufacturer").strip() == OWN_MANUFACTURER]
    color = [one for one in own if one.sop_class in COLOR_CLASSES and _placed(one)]
    if not color:
        what = "a gray fusion, from which uptake cannot be read" if own else "no fused series of coconet-med"
        raise ReadError(f"{folder}: holds {what}; give the folder of a fusion in color, or its NIfTI")
    if len({headers.text(one.header, "SeriesInstanceUID") for one in color}) > 1:
        raise ReadError(f"{folder}: holds several fused series; give the folder of one")
    places, planes = [], []
    for one in color:
        for where, pixels in _frames(one):
            places.append(where)
            planes.append(pixels)
    return _volume(folder, places, planes)


def _placed(one: Instance) -> bool:
    ds = one.header
    return "ImagePositionPatient" in ds or bool(headers.items(ds, "PerFrameFunctionalGroupsSequence"))


def _frames(one: Instance) -> list[tuple[np.ndarray, np.ndarray]]:
    """Position, row and column directions, spacing (rows, columns) as 11 numbers, and pixels, of each frame."""
    import pydicom

    ds = pydicom.dcmread(one.path)
    pixels = ds.pixel_array
    groups = headers.items(ds, "PerFrameFunctionalGroupsSequence")
    if not groups:
        return [(_place(ds, ds, ds), pixels)]
    shared = headers.items(ds, "SharedFunctionalGroupsSequence")[0]

    def item(group: Dataset, keyword: str) -> Dataset:
        return (headers.items(group, keyword) or headers.items(shared, keyword))[0]

    pixels = pixels if pixels.ndim == 4 else pixels[None]
    names = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
    return [
        (_place(*(item(group, name) for name in names)), plane) for group, plane in zip(groups, pixels, strict=True)
    ]


def _place(position: Dataset, orientation: Dataset, measures: Dataset) -> np.ndarray:
    return np.array(
        [
            *map(float, position.ImagePositionPatient),
            *map(float, orientation.ImageOrientationPatient),
            *map(float, measures.PixelSpacing),
        ]
    )


def _volume(folder: Path, places: list[np.ndarray], planes: list[np.ndarray]) -> sitk.Image:
    import SimpleITK as sitk

    at = np.array(places)
    if np.abs(at[:, 3:] - at[0, 3:]).max() > 1e-4 or len({plane.shape for plane in planes}) > 1:
        raise ReadError(f"{folder}: its slices differ in size, spacing or orientation; give one fused series")
    direction = direction_of(at[0, 3:6], at[0, 6:9])
    along = at[:, :3] @ direction[:, 2]
    order = np.argsort(along)
    steps = np.diff(along[order])
    step = float(np.median(steps)) if steps.size else 1.0
    if steps.size and np.abs(steps - step).max() > 0.01 * step + 1e-3:
        raise ReadError(f"{folder}: slices are missing; give the whole fused series")
    image = sitk.GetImageFromArray(np.stack([planes[n] for n in order]), isVector=True)
    set_geometry(image, (at[0, 10], at[0, 9], step), at[order[0], :3], direction)
    return image
