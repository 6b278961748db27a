"""A PET whose times are known: what a scanner would write for a scan that began at a given time, part by part."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dicom_phantom import classic
from pydicom import Dataset

from coconet_med.readers.dicom import read_series
from coconet_med.source import Source

HALF_LIFE = {"F18": 6586.2, "C11": 1221.8, "Rb82": 75.45, "Ga68": 4062.6, "Zr89": 282276.0}
START = datetime(2024, 3, 1, 11, 0, 0)
WEIGHT_G, DOSE = 70000.0, 2e8


def factor_by_hand(minutes: float, nuclide: str = "F18") -> float:
    """SUVbw of 1 Bq/ml, decay corrected to ``minutes`` after the injection."""
    return WEIGHT_G / (DOSE * 2 ** (-60 * minutes / HALF_LIFE[nuclide]))


def mean_time(duration: float, nuclide: str) -> float:
    """Mean count time in s, by solving ``2^(-t/h) T = integral of 2^(-s/h) over the frame``."""
    half_life = HALF_LIFE[nuclide]
    rate = math.log(2) / half_life
    mean = (1 - math.exp(-rate * duration)) / (rate * duration)
    return -math.log2(mean) * half_life


def timed(
    begin: float = 0.0,
    duration: float = 1200.0,
    *,
    nuclide: str = "F18",
    uptake_min: float = 45.0,
    start: datetime = START,
    factor: bool = True,
    convention: str = "mean",
    edit: Callable[[Dataset, int], None] = lambda ds, k: None,
) -> Callable[[Dataset, int], None]:
    """An edit for :func:`dicom_phantom.classic`: one frame ``begin`` s after the scan began, injected before that."""
    half_life = HALF_LIFE[nuclide]
    rate = math.log(2) / half_life
    within = {"mean": mean_time(duration, nuclide), "start": 0.0, "middle": duration / 2}[convention]

    def apply(ds: Dataset, k: int) -> None:
        frame = start + timedelta(seconds=begin)
        injected = start - timedelta(minutes=uptake_min)
        ds.SeriesDate, ds.SeriesTime = start.strftime("%Y%m%d"), start.strftime("%H%M%S")
        ds.AcquisitionDate, ds.AcquisitionTime = frame.strftime("%Y%m%d"), frame.strftime("%H%M%S")
        ds.ActualFrameDuration = str(round(duration * 1000))
        ds.FrameReferenceTime = f"{1000 * (begin + within):.1f}"
        if factor:
            grown = math.exp(rate * begin) * rate * duration / (1 - math.exp(-rate * duration))
            ds.DecayFactor = f"{grown:.6g}"
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartDateTime = injected.strftime("%Y%m%d%H%M%S")
        drug.RadionuclideHalfLife = str(half_life)
        edit(ds, k)

    return apply


def series_at(time: str, date: str = "20240301") -> Callable[[Dataset, int], None]:
    """An edit that alters Series Date and Time."""

    def apply(ds: Dataset, k: int) -> None:
        ds.SeriesDate, ds.SeriesTime = date, time

    return apply


def read_pet(folder: Path, edit: Callable[[Dataset, int], None]) -> Source:
    classic(folder, "PT", edit=edit)
    return read_series(folder, "function")


def factor_of(source: Source) -> float:
    assert source.units == "SUVbw", source.warnings
    return source.details["suv"]["factor"]


def said(source: Source) -> str:
    """The warnings about SUV as one text."""
    return "\n".join(warning for warning in source.warnings if "SUV" in warning)
