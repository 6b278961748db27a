"""One image in two files: a copy, which counts once, or two images, of which none can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from coconet_med.dicom import headers
from coconet_med.dicom.decoders import dataset
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.geometry import Plane, places
from coconet_med.dicom.series import Instance, name_files

#: Copies of one place up to which they are compared; more are points in time.
MOST_COPIES = 3

#: What a copy has in common with its original: whose it is, where and when, and what its values mean.
_COMMON = (
    *("PatientID", "PatientBirthDate", "ImagePositionPatient", "InstanceNumber", "FrameReferenceTime"),
    *("Rows", "Columns", "RescaleSlope", "RescaleIntercept", "Units"),
)


def is_copy(one: Instance, other: Instance) -> bool:
    """Whether two files of one SOP Instance UID hold the same image; pixels are compared if they are encoded alike."""
    if any(headers.text(one.header, tag) != headers.text(other.header, tag) for tag in _COMMON):
        return False
    if one.transfer_syntax != other.transfer_syntax:
        return True
    with headers.quiet():
        return _pixels(one) == _pixels(other)


def without_twins(frames: Sequence[Frame], plane: Plane) -> tuple[list[Frame], tuple[str, ...]]:
    """The frames without those that are there again under another SOP Instance UID, and what to say of that.

    An export or a PACS may give the same slice a new UID.  Frames are dropped only where then every place is held once.
    """
    groups = places(frames, plane)
    if not 1 < max(len(group) for group in groups) <= MOST_COPIES or len(groups) == 1:
        return list(frames), ()
    kept, twins = [], []
    for first, *rest in groups:
        kept.append(first)
        for other in rest:
            if not _are_twins(first, other):
                return list(frames), ()
            twins.append(other.instance.path)
    return kept, (f"{len(twins)} image(s) are there twice under other UIDs and were dropped: {name_files(twins)}",)


def _are_twins(one: Frame, other: Frame) -> bool:
    if one.instance.uid == other.instance.uid or (one.time, one.duration) != (other.time, other.duration):
        return False
    if (one.slope, one.intercept, one.units, one.shape) != (other.slope, other.intercept, other.units, other.shape):
        return False
    if one.picture and other.picture and one.picture.kind != other.picture.kind:
        return False
    if any((headers.whole(frame.instance.header, "NumberOfFrames") or 1) > 1 for frame in (one, other)):
        return False
    with headers.quiet():
        pixels = _pixels(one.instance), _pixels(other.instance)
    return pixels[0] is not None and pixels[0] == pixels[1]


def _pixels(instance: Instance) -> bytes | None:
    try:
        return bytes(dataset(instance.path, instance.transfer_syntax).PixelData)
    except Exception:  # no pixels, or damaged; the reader says so of the file that is taken
        return None
