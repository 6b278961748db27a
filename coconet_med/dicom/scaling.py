"""Do all images of a volume scale their stored values in the same sense?  Slopes may differ, their meaning may not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.series import Instance, Series, name_files
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

#: SOP Class UID of classic PET images.
PET = "1.2.840.10008.5.1.4.1.1.128"
#: Units (0054,1001) of an attenuation map: 1/cm.
ATTENUATION_UNITS = "1CM"


def check_scaling(series: Series, frames: Sequence[Frame]) -> tuple[str, ...]:
    """Refuse frames whose scales contradict each other; what is odd short of that comes back as warnings.

    Raises:
        ReadError: different units; a slope or an intercept that matters missing in some; slopes of both signs, or a
            negative one where values are amounts (PET, SPECT) or HU.
    """
    name = f"series {series.describe()}"
    if len({frame.units for frame in frames}) > 1:
        raise ReadError(f"{name}: its images state different units")
    if series.modality == "PT" and frames[0].units.upper() == ATTENUATION_UNITS:
        raise ReadError(f"{name}: its units are 1/cm, so it shows attenuation, not uptake; choose the emission series")
    without = {frame.instance.path for frame in frames if frame.slope is None}
    if without and len(without) < len({frame.instance.path for frame in frames}):
        raise ReadError(f"{name}: some images have no Rescale Slope ({name_files(without)})")
    negative = {frame.instance.path for frame in frames if (frame.slope or 1.0) < 0}
    mixed = negative and any((frame.slope or 1.0) > 0 for frame in frames)
    if mixed or (negative and series.modality != "MR"):
        some = "some images have" if mixed else "its images have"
        raise ReadError(
            f"{name}: {some} a negative Rescale Slope ({name_files(negative)}), which turns their values upside down; "
            "export the series again"
        )
    return (*_intercepts(name, series, frames), *_shifted(frames), *_decayed(frames), *_inverted(series, frames))


def mirror_of(instance: Instance) -> float | None:
    """Sum of the lowest and the highest stored value of an MR image that is displayed inverted, else ``None``.

    MONOCHROME1 shows the lowest value white (PS3.3 C.7.6.3.1.2).  MR values have no unit, so what is bright is taken as
    high: ``mirror - stored``.  HU, Bq/ml and counts are amounts, whatever way they are shown, and stay as they are.
    """
    ds = instance.header
    inverse = headers.text(ds, "PhotometricInterpretation").strip().upper() == "MONOCHROME1"
    inverse |= headers.text(ds, "PresentationLUTShape").strip().upper() == "INVERSE"
    if not inverse or headers.text(ds, "Modality").strip().upper() != "MR":
        return None
    bits = headers.whole(ds, "BitsStored") or headers.whole(ds, "BitsAllocated") or 16
    return -1.0 if headers.whole(ds, "PixelRepresentation") else float(2**bits - 1)


def _intercepts(name: str, series: Series, frames: Sequence[Frame]) -> tuple[str, ...]:
    stated: dict[Path, bool] = {}
    for frame in frames:
        if frame.picture is not None and frame.slope is not None:
            stated[frame.instance.path] = bool(frame.picture.values("RescaleIntercept")) or frame.intercept != 0
    without = [path for path, known in stated.items() if not known]
    if not stated and series.modality == "CT":
        return (
            "CT without Rescale Slope and Intercept: stored values were taken as HU, which may be off by 1000 or 1024",
        )
    if not without:
        return ()
    if len(without) < len(stated):
        some = f"some images have no Rescale Intercept ({name_files(without)})"
        if any(frame.intercept != 0 for frame in frames):
            raise ReadError(f"{name}: {some}, the others have; export the series again")
        return (f"{some}; 0 was taken, as the others state",)
    if series.modality == "CT":
        return ("CT without Rescale Intercept: stored values were taken as HU, which may be off by 1000 or 1024",)
    return ()


def _shifted(frames: Sequence[Frame]) -> tuple[str, ...]:
    """A stored 0 of a classic PET is no activity: its Rescale Intercept is always 0 (PS3.3 C.8.9.4, Table C.8-63)."""
    found = sorted({f.intercept for f in frames if f.intercept and f.instance.sop_class == PET and not f.mapped})
    if not found:
        return ()
    values = f"{found[0]:g}" if len(found) == 1 else f"{found[0]:g} to {found[-1]:g}"
    count = sum(bool(f.intercept) for f in frames)
    if count < len(frames):
        values += f" in {count} of {len(frames)} images"
    return (f"Rescale Intercept of a PET is {values}, where DICOM has 0: it was added to the values, and SUV has it",)


def _decayed(frames: Sequence[Frame]) -> tuple[str, ...]:
    """Slices of one time share one decay; Decay Factors (0054,1321) that differ there contradict the times."""
    factors: dict[tuple, list[float]] = {}
    for frame in frames:
        factor = headers.number(frame.instance.header, "DecayFactor") if frame.instance.sop_class == PET else None
        if factor and factor > 0:
            factors.setdefault((*frame.time[:3], frame.duration), []).append(factor)
    low, high = max(
        ((min(f), max(f)) for f in factors.values()), key=lambda ends: ends[1] / ends[0], default=(1.0, 1.0)
    )
    if high <= 1.01 * low:
        return ()
    return (
        f"slices of one time state Decay Factors from {low:g} to {high:g}: their values, and SUV, may be off by "
        f"{100 * (high / low - 1):.2g} % against each other",
    )


def _inverted(series: Series, frames: Sequence[Frame]) -> tuple[str, ...]:
    if any(frame.mirror is not None for frame in frames):
        return ("MR is stored inverted (MONOCHROME1): read as it is displayed, bright is high",)
    return ()


def count_unmapped(frames: Sequence[Frame], values: np.ndarray) -> int:
    """Voxels of ``values`` (n, rows, columns) whose stored value lies where the real-world mapping taken says nothing.

    A mapping holds for the range of stored values that it states (PS3.3 C.7.6.16.2.11).
    """
    outside = 0
    for frame, plane in zip(frames, values, strict=True):
        if frame.mapped is None or not frame.slope:
            continue
        stored = (plane.astype(np.float64) - frame.intercept) / frame.slope
        outside += int(((stored < frame.mapped.first - 0.5) | (stored > frame.mapped.last + 0.5)).sum())
    return outside


def unmapped_note(frames: Sequence[Frame], share: float) -> str:
    """The warning for a share of the voxels that :func:`count_unmapped` found."""
    first, last = next((f.mapped.first, f.mapped.last) for f in frames if f.mapped is not None)
    return (
        f"the Real World Value Mapping holds for stored values from {first:g} to {last:g}; {100 * share:.2g} % of the "
        "voxels lie outside and were scaled by it all the same"
    )
