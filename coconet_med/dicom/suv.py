"""Standardized uptake value by body weight from the header of a PET series, or the reason why not.

After the vendor-neutral pseudo-code of the QIBA FDG-PET profile (appendix "SUV calculation"), for BQML images that are
corrected for attenuation and decay:

    SUVbw = Bq/ml x weight[g] / (dose[Bq] x 2^(-t / half-life)),   t = decay reference time - injection time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from coconet_med.dicom import headers
from coconet_med.dicom.series import Instance, Series

#: Plausible ranges; a value outside is a slip of units (MBq, grams) rather than a measurement.
DOSE_BQ = (1e5, 1e11)
WEIGHT_KG = (0.2, 500.0)
HALF_LIFE_S = (30.0, 1e7)


@dataclass(frozen=True)
class Suv:
    """Factor from the rescaled values to SUVbw (g/ml), or why there is none.

    Attributes:
        factor: multiply by it; ``None`` where SUV is not possible.
        reason: why there is no factor; ``""`` where there is one.
        inputs: what the factor was computed from (plain JSON types).
        warnings: what was assumed.
    """

    factor: float | None
    reason: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class _ImpossibleError(Exception):
    """SUV cannot be computed; the message is the reason."""


def suv_factor(series: Series, units: str) -> Suv:
    """Factor to SUVbw for a PET series whose rescaled values are in ``units`` (the values of Units (0054,1001))."""
    if series.modality != "PT":
        return Suv(None, "SUV is defined here for PET only")
    try:
        if units in ("GML", "SUVbw"):
            kind = headers.text(series.header, "SUVType").strip() or "BW"
            if kind != "BW":
                return Suv(None, f"values are SUV normalized by {kind}, not by body weight")
            return Suv(1.0, inputs={"rule": "Units GML: values are SUVbw already"})
        if units == "CNTS":
            return _philips(series)
        if units not in ("BQML", "Bq/ml"):
            return Suv(None, f"units are '{units or 'not stated'}', not BQML")
        return _by_weight(series)
    except _ImpossibleError as reason:
        return Suv(None, str(reason))


def _by_weight(series: Series) -> Suv:
    corrections = {word.upper() for word in headers.words(series.header, "CorrectedImage")}
    enhanced = not corrections and "DecayCorrected" in series.header
    if enhanced:
        flags = {"ATTN": "AttenuationCorrected", "DECY": "DecayCorrected"}
        corrections = {k for k, tag in flags.items() if headers.text(series.header, tag).strip().upper() == "YES"}
    missing = sorted({"ATTN", "DECY"} - corrections)
    if missing:
        raise _ImpossibleError(f"not corrected for {' and '.join(missing)} (Corrected Image)")
    weight = _one(series, "patient weight", lambda i: headers.number(i.header, "PatientWeight"), WEIGHT_KG, "kg")
    dose = _one(series, "injected dose", lambda i: _isotope(i, "RadionuclideTotalDose"), DOSE_BQ, "Bq")
    inputs: dict[str, Any] = {"weight_kg": weight, "dose_Bq": dose}
    reference = headers.text(series.header, "DecayCorrection").strip().upper()
    if reference == "ADMIN":
        inputs["rule"] = "decay corrected to the time of administration"
        return Suv(1000.0 * weight / dose, inputs=inputs)
    if reference != "START" and not enhanced:
        raise _ImpossibleError(f"Decay Correction is '{reference or 'missing'}', expected START or ADMIN")
    half_life = _one(series, "half-life", lambda i: _isotope(i, "RadionuclideHalfLife"), HALF_LIFE_S, "s")
    scan, rule = _reference_time(series)
    seconds, injection, notes = _elapsed(series, scan, half_life)
    inputs |= {
        "half_life_s": half_life,
        "scan": scan.isoformat(),
        "injection": injection,
        "decay_s": seconds,
        "rule": rule,
    }
    factor = 1000.0 * weight / (dose * 2.0 ** (-seconds / half_life))
    return Suv(factor, inputs=inputs, warnings=notes)


def _isotope(instance: Instance, keyword: str) -> float | None:
    found = headers.items(instance.header, "RadiopharmaceuticalInformationSequence")
    return headers.number(found[0], keyword) if found else None


def _one(
    series: Series, what: str, read: Callable[[Instance], float | None], plausible: tuple[float, float], unit: str
) -> float:
    """The value that all files of the series share, within the plausible range."""
    found = {read(instance) for instance in series.instances}
    if len(found) > 1:
        raise _ImpossibleError(f"{what} differs between the files of the series")
    number = found.pop()
    if number is None:
        raise _ImpossibleError(f"{what} is missing")
    if not plausible[0] <= number <= plausible[1]:
        raise _ImpossibleError(f"{what} of {number:g} {unit} is not plausible")
    return number


def _reference_time(series: Series) -> tuple[datetime, str]:
    """The moment to which the values are decay corrected."""
    exact = headers.datetime_of(series.header, "DecayCorrectionDateTime")
    if exact is not None:
        return exact, "Decay Correction DateTime"
    starts = [headers.moment(i.header, "SeriesDate", "SeriesTime") for i in series.instances]
    taken = [
        headers.moment(i.header, "AcquisitionDate", "AcquisitionTime")
        or headers.datetime_of(i.header, "AcquisitionDateTime")
        for i in series.instances
    ]
    if None in taken:
        raise _ImpossibleError("Acquisition Date and Time are missing")
    earliest = min(taken)
    if None not in starts and len(set(starts)) == 1 and starts[0] <= earliest:
        return starts[0], "Series Date and Time"
    private = _general_electric(series)
    if private is not None:
        return private, "GE scan date and time (0009,100D)"
    return earliest, "earliest Acquisition Date and Time (the series time lies after it)"


def _general_electric(series: Series) -> datetime | None:
    """Scan time that GE keeps when a series is processed later (private block GEMS_PETD_01)."""
    try:
        block = series.header.private_block(0x0009, "GEMS_PETD_01")
        raw = str(block[0x0D].value) if 0x0D in block else ""
    except Exception:  # no such block, or damaged
        return None
    return headers.parse_datetime(raw[:8], raw[8:]) if len(raw) >= 14 else None


def _elapsed(series: Series, scan: datetime, half_life: float) -> tuple[float, str, tuple[str, ...]]:
    """Seconds from injection to scan, the injection time used, and what was assumed about its date."""
    found = headers.items(series.header, "RadiopharmaceuticalInformationSequence")
    full = headers.datetime_of(found[0], "RadiopharmaceuticalStartDateTime") if found else None
    notes: tuple[str, ...] = ()
    if full is not None:
        injection = full
    else:
        clock = headers.text(found[0], "RadiopharmaceuticalStartTime").strip() if found else ""
        same_day = headers.parse_datetime(scan.strftime("%Y%m%d"), clock)
        if same_day is None:
            raise _ImpossibleError("injection time (Radiopharmaceutical Start DateTime) is missing")
        if half_life > 6 * 3600:
            raise _ImpossibleError("injection date is missing, and a long-lived tracer may have been given days before")
        injection = same_day
        if injection > scan:
            injection -= timedelta(days=1)
            notes = ("SUV: the injection time is later in the day than the scan; taken as the day before",)
    seconds = (scan - injection).total_seconds()
    if seconds < 0:
        raise _ImpossibleError(f"injection ({injection}) lies after the scan ({scan})")
    if seconds > 10 * half_life:
        raise _ImpossibleError(f"injection lies {seconds / half_life:.0f} half-lives before the scan")
    return seconds, injection.isoformat(), notes


def _philips(series: Series) -> Suv:
    """Philips PET in counts: the private SUV scale factor (7053,1000), if the series has one."""
    factors = {_private(instance) for instance in series.instances}
    if len(factors) != 1:
        raise _ImpossibleError("the Philips SUV scale factor differs between the files of the series")
    factor = factors.pop()
    if not factor or factor <= 0:
        raise _ImpossibleError("units are CNTS, and there is no Philips SUV scale factor (7053,1000)")
    return Suv(factor, inputs={"rule": "Philips SUV scale factor (7053,1000)"})


def _private(instance: Instance) -> float | None:
    try:
        block = instance.header.private_block(0x7053, "Philips PET Private Group")
        return float(block[0x00].value) if 0x00 in block else None
    except Exception:  # no such block, or damaged
        return None
