"""Two files of one SOP Instance UID: a copy, which counts once, or two images, of which none can be chosen."""

from __future__ import annotations

from coconet_med.dicom import headers
from coconet_med.dicom.decoders import dataset
from coconet_med.dicom.series import Instance

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


def _pixels(instance: Instance) -> bytes | None:
    try:
        return bytes(dataset(instance.path, instance.transfer_syntax).PixelData)
    except Exception:  # no pixels, or damaged; the reader says so of the file that is taken
        return None
