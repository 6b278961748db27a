"""One plane of pixels with its place, scale and time, and the header parts that every kind of object states alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.realworld import Mapping
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.dicom.kinds import Picture

#: Limits that no real head scan reaches, so that a damaged or hostile header cannot ask for all the memory.
MAX_SIDE = 16384
MAX_VOXELS = 2**29


@dataclass(frozen=True)
class Frame:
    """One plane of one object.

    Attributes:
        instance: the file that holds it.
        index: number of the frame in the file, from 0.
        position: center of the first pixel, LPS mm (Image Position (Patient)).
        orientation: direction cosines of a row and of a column, LPS (Image Orientation (Patient)).
        spacing: distance between rows, then between columns, mm (Pixel Spacing).
        shape: rows, columns.
        slope: rescale slope, ``None`` where the object states none.
        intercept: rescale intercept.
        units: units that the object states for rescaled values, as it writes them; ``""`` where it does not.
        duration: duration of the acquisition, ms, where known.
        time: what orders the frames of one place in time; equal for all frames of one volume.
        picture: what the image is (image type, echo time, ...), which must be equal in one volume.
        mirror: of inverted MR; see :func:`coconet_med.dicom.scaling.mirror_of`.
        mapped: real-world mapping that slope and intercept were taken from, if any.
        suvbw: real-world mapping of the stored values to SUVbw that the object states beside other units.
    """

    instance: Instance
    index: int
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    shape: tuple[int, int]
    slope: float | None = None
    intercept: float = 0.0
    units: str = ""
    duration: float | None = None
    time: tuple = ()
    picture: Picture | None = None
    mirror: float | None = None
    suvbw: Mapping | None = None
    mapped: Mapping | None = None


def rescale(ds: Dataset, instance: Instance) -> tuple[float | None, float]:
    """Rescale slope and intercept; a slope that is present but not usable is refused rather than taken as 1."""
    slope, intercept = headers.number(ds, "RescaleSlope"), headers.number(ds, "RescaleIntercept")
    if "ModalityLUTSequence" in ds:
        raise ReadError(f"{instance.name}: values go through a Modality LUT, which cannot be read; export with a slope")
    for keyword, found in (("RescaleSlope", slope), ("RescaleIntercept", intercept)):
        if keyword in ds and found is None and not _is_empty(ds, keyword):
            raise ReadError(f"{instance.name}: {keyword} is '{headers.unreadable(ds, keyword)}', which is not a number")
    if slope == 0:
        raise ReadError(f"{instance.name}: RescaleSlope is 0, so all values would be equal")
    return slope, intercept or 0.0


def _is_empty(ds: Dataset, keyword: str) -> bool:
    try:
        return ds[keyword].is_empty
    except Exception:  # a value that pydicom cannot even convert is not empty
        return False


def place(
    instance: Instance, place: Dataset | None, plane: Dataset | None, measures: Dataset | None, index: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Position, orientation and spacing of one frame."""
    found = []
    for holder, keyword, count in (
        (place, "ImagePositionPatient", 3),
        (plane, "ImageOrientationPatient", 6),
        (measures, "PixelSpacing", 2),
    ):
        numbers = headers.numbers(holder, keyword, count) if holder is not None else None
        if numbers is None:
            raise ReadError(f"{instance.name}: frame {index + 1} has no usable {keyword}, so its place is unknown")
        found.append(numbers)
    position, orientation, spacing = found
    return position, orientation, spacing


def matrix(instance: Instance) -> tuple[tuple[int, int], int]:
    """Rows and columns, and the number of frames, within bounds.

    Raises:
        ReadError: absent, absurd or not one grayscale sample a pixel.
    """
    ds, name = instance.header, instance.name
    rows, columns = headers.whole(ds, "Rows"), headers.whole(ds, "Columns")
    stated = "NumberOfFrames" in ds and ds.get_item("NumberOfFrames").value not in (None, "", b"")
    count = headers.whole(ds, "NumberOfFrames") if stated else 1
    if rows is None or columns is None or not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE):
        raise ReadError(f"{name}: Rows x Columns is {rows} x {columns}; expected 1 to {MAX_SIDE} each")
    if count is None or not 0 < count * rows * columns <= MAX_VOXELS:
        raise ReadError(f"{name}: {rows} x {columns} x {count} voxels; expected 1 to {MAX_VOXELS:,}")
    high, stored = headers.whole(ds, "HighBit"), headers.whole(ds, "BitsStored")
    if high is not None and stored is not None and high >= stored:
        raise ReadError(
            f"{name}: High Bit {high} with {stored} Bits Stored puts values into upper bits, which is not read; "
            "export it again"
        )
    samples, color = headers.whole(ds, "SamplesPerPixel"), headers.text(ds, "PhotometricInterpretation").strip()
    if samples not in (None, 1) or not color.startswith("MONOCHROME"):
        raise ReadError(f"{name}: pixels are '{color}' with {samples} sample(s); only grayscale values can be fused")
    return (rows, columns), count
