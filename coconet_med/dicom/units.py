"""Units of a series, and the factor from its rescaled values to SUV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from coconet_med.dicom import headers
from coconet_med.dicom.doubts import parametric
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.reference import SUV_BOUND
from coconet_med.dicom.series import Series
from coconet_med.dicom.suv import Suv, suv_factor
from coconet_med.source import RELATIVE_UNITS

SuvChoice = Literal["auto", "never"]
UNITS = {
    "BQML": "Bq/ml",
    "GML": "SUVbw",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "proportional counts",
    "PROPCPS": "proportional counts/s",
    "CM2ML": "SUVbsa",
    "US": RELATIVE_UNITS,
}


def units_of(series: Series, frames: Sequence[Frame], suv: SuvChoice) -> tuple[str, Suv]:
    """Units of the image that is made of a series, and how its values become SUV."""
    stated = frames[0].units
    own = UNITS.get(stated, headers.printable(stated, limit=40) or RELATIVE_UNITS)
    if series.modality == "MR":
        return RELATIVE_UNITS, Suv(None)
    if series.modality == "CT":
        return ("HU" if stated in ("", "HU") else own), Suv(None)
    if stated == "HU":  # no uptake has them, and its window would be one of CT
        odd = f"Units say HU, which only CT has: this {series.modality} is a CT by another name, or its units are wrong"
        return RELATIVE_UNITS, Suv(None, "units are 'HU'", warnings=(f"{odd}; values were taken as relative uptake",))
    if series.modality == "PT" and any(frame.slope is None for frame in frames):
        return RELATIVE_UNITS, Suv(None, "its images have no Rescale Slope, so stored values are in no known unit")
    scaling = suv_factor(series, stated)
    if parametric(series):
        own = RELATIVE_UNITS
    if scaling.reason.startswith("values are SUV normalized"):
        own = f"SUV{headers.text(series.facts, 'SUVType').strip().lower() or 'bsa'}"
    if scaling.activity:
        own = "Bq/ml"
    if suv == "never" and own != "SUVbw":
        return own, Suv(None, "not asked for", activity=scaling.activity)
    scaling = _with_real_world(frames, scaling)
    return ("SUVbw" if scaling.factor is not None else own), scaling


def _with_real_world(frames: Sequence[Frame], scaling: Suv) -> Suv:
    """The mapping to SUVbw that the scanner states beside Bq/ml: a check of the factor, or what there is instead."""
    ratios = [f.suvbw.slope / f.slope for f in frames if f.suvbw and f.slope]
    if len(ratios) < len(frames) or any(abs(f.suvbw.intercept) > 1e-6 or f.intercept for f in frames if f.suvbw):
        return scaling
    if scaling.factor is None and not scaling.factors and max(ratios) - min(ratios) <= 1e-4 * max(ratios):
        rule = f"Real World Value Mapping to SUVbw ({scaling.reason})"
        return Suv(ratios[0], inputs={"rule": rule})
    share = ratios[0] / scaling.factor if scaling.factor else 1.0
    if abs(share - 1.0) <= SUV_BOUND:
        return scaling
    note = f"SUV: the Real World Value Mapping of the scanner says {share:.3g} where weight, dose and times give 1.00"
    return replace(scaling, warnings=(*scaling.warnings, note))
