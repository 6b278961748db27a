"""Standardized uptake value by body weight from the header of a PET series, or the reason why not.

After the vendor-neutral pseudo-code of the QIBA FDG-PET profile (appendix "SUV calculation") and the IBSI-SUV manual,
for images that are corrected for attenuation.  The pieces: :mod:`~coconet_med.dicom.drug` (dose, weight, half-life),
:mod:`~coconet_med.dicom.injection` (its time), :mod:`~coconet_med.dicom.reference` (decay reference time),
:mod:`~coconet_med.dicom.vendors` (private factors), :mod:`~coconet_med.dicom.normalized` (values normalized by
something else than body weight).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from coconet_med.dicom import headers
from coconet_med.dicom.decay import suvbw_factor, too_small_dose
from coconet_med.dicom.doubts import (
    against_admin,
    against_philips,
    disagreeing,
    light_weight,
    parametric,
    slow_injection,
    unattenuated,
)
from coconet_med.dicom.drug import ImpossibleError, dose_of, half_life_s, weight_of
from coconet_med.dicom.injection import injection_of
from coconet_med.dicom.normalized import to_body_weight
from coconet_med.dicom.reference import (
    CLOCK_BOUND_S,
    DECAY_DATETIME,
    PRIVATE,
    SERIES,
    NoReferenceError,
    Reference,
    Stated,
    decay_reference,
)
from coconet_med.dicom.series import Series
from coconet_med.dicom.times import Clock, show_offset
from coconet_med.dicom.timing import blanked_time, dated_shots, measured_at
from coconet_med.dicom.vendors import PHILIPS_ACTIVITY, PHILIPS_SUV, is_ge, private_number, scan_start
from coconet_med.dicom.zone import INJECTION, clock_of, with_offset


@dataclass(frozen=True)
class Suv:
    """Factor from the rescaled values to SUVbw (g/ml), or why there is none.

    Attributes:
        factor: multiply by it; ``None`` where SUV is not possible.  That of the first frame where frames differ.
        reason: why there is no factor; ``""`` where there is one.
        inputs: what the factor was computed from (plain JSON types).
        warnings: what was assumed.
        factors: for images that are not decay corrected the factor of each frame, by SOP Instance UID and number.
        activity: factor from the rescaled values to Bq/ml, where the header has one of its own (Philips).
    """

    factor: float | None
    reason: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    factors: dict[tuple[str, int], float] | None = None
    activity: float | None = None


def suv_factor(series: Series, units: str) -> Suv:
    """Factor to SUVbw for a PET series whose rescaled values are in ``units`` (the values of Units (0054,1001))."""
    if series.modality != "PT":
        return Suv(None, "SUV is defined here for PET only")
    if why := parametric(series):
        return Suv(None, why)
    if units == "SUVbw":
        return Suv(1.0, inputs={"rule": "values are SUVbw already (Real World Value Mapping)"})
    if units in ("GML", "CM2ML"):
        return _normalized(series, units)
    if units == "CNTS":
        return _philips(series)
    if units not in ("BQML", "Bq/ml"):
        return Suv(None, f"units are '{units or 'not stated'}', not BQML")
    found = _by_weight(series)
    odd = against_philips(series, found.factor) if found.factor else ""
    return replace(found, warnings=(*found.warnings, odd)) if odd else found


def not_decay_corrected(series: Series) -> bool:
    """Whether the header says that values are as they were measured, each frame at its own time."""
    ds = series.facts
    stated = headers.text(ds, "DecayCorrection").strip().upper(), headers.text(ds, "DecayCorrected").strip().upper()
    return stated[0] == "NONE" or stated[1] == "NO"


def _normalized(series: Series, units: str) -> Suv:
    kind = headers.text(series.facts, "SUVType").strip().upper() or ("BW" if units == "GML" else "BSA")
    notes = unattenuated(series, units)
    if kind == "BW":
        return Suv(1.0, inputs={"rule": "Units GML: values are SUVbw already"}, warnings=notes)
    try:
        factor = to_body_weight(series, kind)
    except ImpossibleError as reason:
        return Suv(None, f"values are SUV normalized by {kind}, not by body weight, and cannot be converted: {reason}")
    return Suv(factor, inputs={"rule": f"Units {units}, SUV Type {kind}: brought to body weight"}, warnings=notes)


def _philips(series: Series) -> Suv:
    """Philips PET in counts: SUV Scale Factor (7053,1000), else Activity Concentration Scale Factor (7053,1009)."""
    corrections = {word.upper() for word in headers.words(series.facts, "CorrectedImage")}
    if corrections and "ATTN" not in corrections:  # the factors are there all the same
        return Suv(None, "units are CNTS, and not corrected for ATTN (Corrected Image)")
    notes: list[str] = []
    factors: dict[str, float | None] = {}
    for name, what in (("(7053,1000)", PHILIPS_SUV), ("(7053,1009)", PHILIPS_ACTIVITY)):
        found = {private_number(instance.facts, what) for instance in series.instances}
        if len(found) > 1:
            return Suv(None, f"units are CNTS, and Philips {name} differs between the files of the series")
        factors[name], orphan = found.pop()
        if orphan:
            notes.append(
                f"SUV: Philips {name} was read although its private creator 'Philips PET Private Group' (7053,0010) is "
                "missing"
            )
    direct, activity = (value if value and value > 0 else None for value in factors.values())
    by_weight = _by_weight(series, activity, "Philips activity scale factor (7053,1009)") if activity else None
    if direct is None and by_weight is None:
        said = {name: "not there" if value is None else f"{value:g}" for name, value in factors.items()}
        return Suv(
            None,
            f"units are CNTS, and there is no Philips SUV scale factor (7053,1000: {said['(7053,1000)']}) nor activity "
            f"scale factor (7053,1009: {said['(7053,1009)']})",
        )
    if direct is None:
        assert by_weight is not None
        return replace(by_weight, warnings=(*notes, *by_weight.warnings), activity=activity)
    if by_weight is not None and by_weight.factor and abs(by_weight.factor / direct - 1.0) > 0.01:
        notes.append(
            f"SUV: Philips (7053,1000) was taken; by (7053,1009), weight and dose SUV 1.00 would be "
            f"{by_weight.factor / direct:.3g}"
        )
    return Suv(
        direct, inputs={"rule": "Philips SUV scale factor (7053,1000)"}, warnings=tuple(notes), activity=activity
    )


def _by_weight(series: Series, scale: float = 1.0, rule: str = "") -> Suv:
    """Factor by weight, dose and times for values that are ``scale`` times Bq/ml."""
    try:
        found = _computed(series)
    except (ImpossibleError, NoReferenceError) as reason:
        return Suv(None, str(reason))
    assert found.factor is not None
    factors = {key: scale * value for key, value in found.factors.items()} if found.factors else None
    inputs = {**found.inputs, "rule": f"{rule}; {found.inputs['rule']}" if rule else found.inputs["rule"]}
    return replace(found, factor=scale * found.factor, factors=factors, inputs=inputs)


def _computed(series: Series) -> Suv:
    ds = series.facts
    corrections = {word.upper() for word in headers.words(ds, "CorrectedImage")}
    enhanced = not corrections and "DecayCorrected" in ds
    if enhanced:
        flags = {"ATTN": "AttenuationCorrected", "DECY": "DecayCorrected"}
        corrections = {k for k, tag in flags.items() if headers.text(ds, tag).strip().upper() == "YES"}
    mode = headers.text(ds, "DecayCorrection").strip().upper()
    undecayed = not_decay_corrected(series)
    if undecayed and not enhanced and "DECY" in corrections:
        raise ImpossibleError(f"Decay Correction is '{mode}', and Corrected Image names DECY all the same")
    missing = sorted(({"ATTN"} if undecayed else {"ATTN", "DECY"}) - corrections)
    if missing:
        raise ImpossibleError(f"not corrected for {' and '.join(missing)} (Corrected Image)")
    weight = weight_of(series)
    dose = dose_of(series)
    if small := too_small_dose(dose, weight):
        raise ImpossibleError(small)
    notes = [light_weight(series, weight)]
    if mode == "ADMIN":
        rule = "decay corrected to the time of administration"
        inputs = {"weight_kg": weight, "dose_Bq": dose, "rule": rule}
        said = tuple(filter(None, (*notes, against_admin(series))))
        return Suv(1000.0 * weight / dose, inputs=inputs, warnings=said)
    if mode not in ("START", "NONE") and not enhanced:
        raise ImpossibleError(f"Decay Correction is '{mode or 'missing'}', expected START, ADMIN or NONE")
    half_life, odd = half_life_s(series)
    try:
        found = _with_decay(series, weight, dose, half_life, enhanced=enhanced)
    except (ImpossibleError, NoReferenceError) as reason:
        raise ImpossibleError(f"{odd}; {reason}" if odd else str(reason)) from reason
    notes += [f"SUV: {odd}"] if odd else []
    return replace(found, warnings=(*filter(None, notes), *found.warnings))


def _with_decay(series: Series, weight: float, dose: float, half_life: float, *, enhanced: bool) -> Suv:
    """Factor of images whose values are not corrected to the time of injection already."""
    clock = clock_of(series)
    found = _by_clock(series, clock, weight, dose, half_life, enhanced=enhanced)
    if clock.assumed:
        _refuse_assumed_zone(series, clock, found, (weight, dose, half_life), enhanced=enhanced)
    return found


def _by_clock(series: Series, clock: Clock, weight: float, dose: float, half_life: float, *, enhanced: bool) -> Suv:
    """The factor with the times of a series on one clock."""
    shots, dates = dated_shots(series, clock)
    moments: dict[tuple[str, int], datetime] = {}
    notes: tuple[str, ...] = ()
    if not_decay_corrected(series):
        moments = measured_at(shots, half_life)
        taken = Reference(min(moments.values()), "not decay corrected: mean count time of each frame by itself")
    else:
        stated, blanked = _stated(series, clock, enhanced=enhanced)
        start = is_ge(series.facts)
        study = clock.moment(series.header, "StudyDate", "StudyTime")
        taken = decay_reference(stated, shots.values(), half_life, frame_start=start, study=study, show=clock.show)
        notes = (*disagreeing(taken, half_life, clock), *blanked, *(f"SUV: {note}" for note in taken.notes))
    ends = [s.start + timedelta(seconds=s.duration or 0.0) for s in shots.values() if s.start is not None]
    injection = injection_of(series, clock, taken.when, max(ends, default=None), half_life)
    notes += slow_injection(series, injection.when, clock)

    def factor(when: datetime) -> float:
        decay = (when - injection.when).total_seconds()
        return suvbw_factor(weight_kg=weight, dose_bq=dose, decay_s=decay, half_life_s=half_life)

    inputs = {
        "weight_kg": weight,
        "dose_Bq": dose,
        "half_life_s": half_life,
        "scan": clock.local(taken.when).isoformat(),
        "injection": clock.local(injection.when).isoformat(),
        "decay_s": (taken.when - injection.when).total_seconds(),
        "rule": taken.rule,
        **({"timezone": f"{show_offset(clock.zone)}, given"} if clock.given and clock.zone is not None else {}),
    }
    return Suv(
        factor(taken.when),
        inputs=inputs,
        warnings=(*dates, *notes, *injection.notes),
        factors={key: factor(when) for key, when in moments.items()} or None,
    )


def _stated(series: Series, clock: Clock, *, enhanced: bool) -> tuple[list[Stated], tuple[str, ...]]:
    """Reference times that stand in the header as such, and what is wrong with those that were not used."""
    ds = series.facts
    found: list[Stated] = []
    for source, name, texts in (
        (DECAY_DATETIME, "", [headers.text(i.facts, "DecayCorrectionDateTime") for i in series.instances]),
        (PRIVATE, scan_start(ds)[1], [scan_start(i.facts)[0] for i in series.instances]),
    ):
        if len(set(texts)) > 1:
            raise ImpossibleError(f"{name or source} differs between the files of the series")
        if (when := clock.parse(texts[0], series.header)) is not None:
            found.append(Stated(source, when, name))
    if enhanced and found:
        return found, ()  # Series Time of an enhanced object says nothing about decay
    starts = {clock.moment(i.header, "SeriesDate", "SeriesTime") for i in series.instances}
    if len(starts) > 1:
        return found, (f"SUV: {SERIES} differ between the files of the series and were not used",)
    start = starts.pop()
    if start is None:
        return found, ()
    if blanked_time(clock.local(start)):
        return found, ("SUV: Series Time is 000000, as if blanked, and was not used",)
    return [*(_on_the_day(one, start) for one in found), Stated(SERIES, start)], ()


def _on_the_day(one: Stated, start: datetime) -> Stated:
    """A private time at the time of day of the series, but on another day: a date that de-identification moved."""
    apart = abs(one.when - start).total_seconds()
    off = min(apart % 86400.0, -apart % 86400.0)
    if one.source != PRIVATE or apart < 43200.0 or off > CLOCK_BOUND_S:
        return one
    return Stated(PRIVATE, start, f"{one.name} on the day of the series")


def _refuse_assumed_zone(
    series: Series, clock: Clock, found: Suv, of: tuple[float, float, float], *, enhanced: bool
) -> None:
    """Refuse a time between injection and scan that hangs on a zone which nothing states."""
    aware = with_offset(series)
    if aware[:1] == [INJECTION] and any(name in found.inputs["rule"] for name in aware[1:]):
        return  # both ends state their offsets
    try:
        moved = _by_clock(series, clock.moved(timedelta(hours=1)), *of, enhanced=enhanced)
    except (ImpossibleError, NoReferenceError):
        moved = None
    if moved is None or (moved.factor, moved.factors) != (found.factor, found.factors):
        raise ImpossibleError(
            f"{' and '.join(aware) or 'Acquisition DateTime'} states an offset from UTC, but Timezone Offset From UTC "
            "(0008,0201) is missing or none, so the zone of the other times is not known; give it, such as "
            "--timezone +0100"
        )
