"""Two DICOM series, in one or two frames of reference, and the Spatial Registration object that is written of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import SimpleITK as sitk
from dicom_phantom import OBLIQUE, classic, uid

from coconet_med.readers.dicom import read_series
from coconet_med.source import Source
from coconet_med.writers.dicom import FusedParts
from coconet_med.writers.dicom.registration import registration_writer

TURN = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.05, 0.2, (4.0, -7.0, 11.0))


def _frame(ds, _number) -> None:
    ds.FrameOfReferenceUID = uid("another frame")


def two_series(folder: Path, frames: str) -> tuple[Source, Source]:
    classic(folder / "mr", orientation=OBLIQUE, step=-2.0)
    edit = {"edit": _frame} if frames.startswith("two") else {}
    classic(folder / "pt", "PT", series="PET AC", orientation=OBLIQUE, step=4.0, origin=(-9, -11, 5), **edit)
    return read_series(folder / "mr", "anatomy"), read_series(folder / "pt", "function")


def registration_of(pair: tuple[Source, Source], folder: Path) -> Path:
    parts = FusedParts(pair[0].image, *pair, transform=TURN, created=datetime(2026, 2, 3, 4, 5, 6))
    registration_writer(parts)(folder / "reg.dcm")
    return folder / "reg.dcm"
