"""What the DICOM writer knows of a series that was read."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset

from coconet_med.dicom.record import DicomRecord
from coconet_med.dicom.series import Instance, Series


def _instance(**attributes: object) -> Instance:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return Instance(Path("a\n.dcm"), ds, "")


def test_a_record_knows_which_objects_hold_several_frames() -> None:
    many, one = _instance(SOPInstanceUID="1.1", NumberOfFrames=3), _instance(SOPInstanceUID="1.2")
    record = DicomRecord(Series("1", (many, one)), ())
    assert record.multiframes == {"1.1"}
    assert record.header is many.header
