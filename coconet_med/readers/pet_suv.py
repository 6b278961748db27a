"""SUV of a NIfTI PET by what BIDS keeps beside it: dose, weight, radionuclide, and times relative to time zero."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from coconet_med.dicom.decay import (
    DOSE_BQ,
    HALF_LIFE_TOLERANCE,
    MAX_HALF_LIVES,
    WEIGHT_KG,
    half_life_of,
    half_life_of_tracer,
    known_half_life,
    less_than_tissue,
    mean_count_time,
    more_than_given,
    suvbw_factor,
    too_small_dose,
)
from coconet_med.errors import OptionError
from coconet_med.readers.checks import highest, suv_volume
from coconet_med.readers.pet_json import PetFacts
from coconet_med.source import RELATIVE_UNITS, Source, writable

#: Keys of which a JSON file about PET has at least one.
_PET_KEYS = {"Units", "InjectedRadioactivity", "TracerRadionuclide", "ImageDecayCorrected", "FrameDuration"}
#: Keys on which the result of a fusion may depend.
USED_KEYS = _PET_KEYS | {
    "DecayFactor",
    "InjectedRadioactivityUnits",
    "RadionuclideHalfLife",
    "InjectionStart",
    "ImageDecayCorrectionTime",
    "FrameTimesStart",
    "AttenuationCorrection",
}
BECQUERELS = {
    "bq": 1.0,
    "kbq": 1e3,
    "mbq": 1e6,
    "gbq": 1e9,
    "ci": 3.7e10,
    "mci": 3.7e7,
    "uci": 3.7e4,
    "µci": 3.7e4,
}


#: Words by which an AttenuationCorrection says that there was none; it is free text.
_UNCORRECTED = re.compile(
    r"^\s*(no|false|n/a)\s*$|^\s*none\b|\bnac\b|\bun-?corrected|\b(no|not|non|without)\b[\s-]*(attenuation|correct|ac\b)",
    re.IGNORECASE,
)
#: A single frame longer than this (s) is in milliseconds: 20 s are 20000 ms.
LONGEST_FRAME = 4 * 3600.0
#: Decay references that lie further apart (s) are two.
OFF_BY = 60.0
#: An injection so few seconds before a scan of one frame may be in minutes.
SOON = 180.0
#: Weights that differ by no more than this part are one, rounded.
SAME_WEIGHT = 0.01


@dataclass(frozen=True)
class BidsSuv:
    """Factor from the stored values to SUVbw, or why there is none; as :class:`coconet_med.dicom.suv.Suv`."""

    factor: float | None
    reason: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class _ImpossibleError(Exception):
    """SUV cannot be computed; the message is the reason."""


def described(source: Source, facts: PetFacts, *, frame: int | None = None) -> Source:
    """A NIfTI image with what is stated beside it: units, SUV factor (not yet applied), warnings.

    Args:
        source: as read.
        facts: from :func:`coconet_med.readers.pet_json.facts_of`.
        frame: number of the frame of a dynamic image that the source is; ``None`` for the mean, or for a static image.
    """
    if not facts.unreadable and not _PET_KEYS & facts.values.keys():
        return source
    suv = suv_of(facts, frame=frame)
    units = facts.units if source.units == RELATIVE_UNITS and facts.units else source.units
    known = {
        "factor": suv.factor,
        "reason": suv.reason,
        **suv.inputs,
        "warnings": list(suv.warnings),
        "applied": False,
    }
    notes = tuple(note for note in facts.unreadable if note not in source.warnings)
    if units == RELATIVE_UNITS and facts.unknown_units:
        notes += (f"Units of the JSON file are {facts.unknown_units!r}, which are not known here: taken as relative",)
    return replace(source, units=units, warnings=(*source.warnings, *notes), details={**source.details, "suv": known})


def insist_on_suv(source: Source) -> Source:
    """The image in SUVbw.

    Raises:
        OptionError: it is not known; the message says why.
    """
    if source.units == "SUVbw":
        return source
    known = source.details.get("suv") or {}
    factor = known.get("factor")
    if not factor or known.get("applied") is not False:
        reason = known.get("reason") or "neither a header nor a JSON file tells units, dose, weight and times"
        units = "relative units" if source.units == RELATIVE_UNITS else source.units
        msg = (
            f"{source.name}: --suv was asked for, but there is no SUV: {reason}; values are in {units}; leave --suv out"
        )
        raise OptionError(f"{msg}, or mend that")
    values = writable(source.image)
    values *= np.float32(factor)
    details = {**source.details, "suv": {**known, "applied": True}}
    notes = list(known.get("warnings", ()))
    if few := less_than_tissue(highest(source.image)):
        notes.append(few)
    if (weight := known.get("weight_kg")) and (much := more_than_given(suv_volume(source.image), weight)):
        notes.append(much)
    return replace(source, units="SUVbw", warnings=(*source.warnings, *notes), details=details)


def suv_of(facts: PetFacts, *, frame: int | None = None) -> BidsSuv:
    """Factor to SUVbw for the stored values; see :func:`described`."""
    if facts.units == "SUVbw":
        return BidsSuv(1.0, inputs={"rule": "values are SUVbw already (Units of the JSON file)"})
    try:
        return _computed(facts, frame)
    except _ImpossibleError as reason:
        said = "; ".join((*facts.unreadable, str(reason)))
        return BidsSuv(None, said)


def _computed(facts: PetFacts, frame: int | None) -> BidsSuv:
    if not facts.to_bqml:
        raise _ImpossibleError(f"Units are '{facts.text('Units') or 'not stated'}' in the JSON file, not Bq/mL")
    if _UNCORRECTED.search(facts.text("AttenuationCorrection")):
        raise _ImpossibleError("not corrected for attenuation (AttenuationCorrection)")
    dose = _dose(facts)
    if facts.weight is None:
        if facts.no_weight:
            raise _ImpossibleError(f"body weight cannot be read: {facts.no_weight}")
        raise _ImpossibleError("body weight is missing (BodyWeight of the JSON file, or weight in participants.tsv)")
    weight, where = facts.weight
    if not WEIGHT_KG[0] <= weight <= WEIGHT_KG[1]:
        raise _ImpossibleError(f"body weight of {weight:g} kg ({where}) is not plausible")
    if small := too_small_dose(dose, weight):
        raise _ImpossibleError(small)
    half_life = _half_life(facts)
    injected = _seconds(facts, "InjectionStart")
    reference, rule = _reference(facts, frame, half_life)
    seconds = reference - injected
    ends = [s + d for s, d in zip(facts.starts, facts.durations, strict=False)]
    if seconds < 0 and injected >= max(ends, default=injected):
        raise _ImpossibleError(f"the injection ({injected:g} s) lies after the scan ({reference:g} s)")
    if seconds > MAX_HALF_LIVES * half_life:
        raise _ImpossibleError(f"the injection lies {seconds / half_life:.0f} half-lives before the scan")
    factor = facts.to_bqml * suvbw_factor(weight_kg=weight, dose_bq=dose, decay_s=seconds, half_life_s=half_life)
    inputs = {
        "weight_kg": weight,
        "weight_from": where,
        "dose_Bq": dose,
        "half_life_s": half_life,
        "decay_s": seconds,
        "rule": rule,
    }
    odd = _against_decay_factor(facts, reference, half_life) if facts.decay_corrected else ""
    return BidsSuv(factor, inputs=inputs, warnings=(*_suv_warnings(facts, seconds, half_life), *([odd] if odd else [])))


def _seconds(facts: PetFacts, key: str) -> float:
    """Seconds from time zero."""
    seconds = facts.number(key)
    if seconds is None:
        text = facts.text(key)
        said = f"{text!r}, expected seconds from TimeZero" if text else "missing"
        raise _ImpossibleError(f"{key} is {said}")
    return seconds


def _dose(facts: PetFacts) -> float:
    dose, units = facts.number("InjectedRadioactivity"), facts.text("InjectedRadioactivityUnits")
    if dose is None:
        text = facts.text("InjectedRadioactivity") or str(facts.values.get("InjectedRadioactivity") or "")
        raise _ImpossibleError(f"InjectedRadioactivity is {f'{text!r}, not a number' if text else 'missing'}")
    scale = BECQUERELS.get(units.lower().replace("μ", "µ"))
    if scale is None:
        raise _ImpossibleError(f"InjectedRadioactivityUnits are '{units or 'missing'}', expected MBq")
    if not DOSE_BQ[0] <= dose * scale <= DOSE_BQ[1]:
        raise _ImpossibleError(f"InjectedRadioactivity of {dose:g} {units} is not plausible")
    return dose * scale


def _half_life(facts: PetFacts) -> float:
    name, stated = facts.text("TracerRadionuclide"), facts.number("RadionuclideHalfLife")
    known = half_life_of(name)
    if known is None and stated is None:
        raise _ImpossibleError(f"half-life of '{name or 'an unnamed radionuclide'}' (TracerRadionuclide) is not known")
    if known and stated and abs(stated / known - 1.0) > HALF_LIFE_TOLERANCE:
        raise _ImpossibleError(f"RadionuclideHalfLife of {stated:g} s is not that of {name} ({known:g} s)")
    for unit, seconds in (("minutes", 60.0), ("hours", 3600.0)):
        if stated and not known_half_life(stated) and known_half_life(stated * seconds):
            hint = f"({unit}, it seems; BIDS asks for seconds)"
            raise _ImpossibleError(f"RadionuclideHalfLife of {stated:g} s is not plausible {hint}")
    return stated or known or 0.0


def _reference(facts: PetFacts, frame: int | None, half_life: float) -> tuple[float, str]:
    """Seconds from time zero to the moment that the values belong to, and how it was found."""
    if facts.decay_corrected:
        return _seconds(facts, "ImageDecayCorrectionTime"), "ImageDecayCorrectionTime"
    if facts.decay_corrected is None:
        stated = facts.values.get("ImageDecayCorrected")
        said = "missing" if stated is None else f"{stated!r}, expected true or false"
        raise _ImpossibleError(f"ImageDecayCorrected is {said}")
    number = 0 if frame is None else frame
    if frame is None and max(len(facts.starts), len(facts.durations)) != 1:
        raise _ImpossibleError("not decay corrected, and FrameTimesStart and FrameDuration are not those of one frame")
    if number >= min(len(facts.starts), len(facts.durations)):
        raise _ImpossibleError("not decay corrected, and FrameTimesStart or FrameDuration are missing")
    if facts.durations[number] > LONGEST_FRAME:
        raise _ImpossibleError(f"FrameDuration of {facts.durations[number]:g} s is not plausible (ms, it seems)")
    fallen = next((later for earlier, later in pairwise(facts.starts) if later <= earlier), None)
    if fallen is not None:
        raise _ImpossibleError(
            f"not decay corrected, and FrameTimesStart does not rise (back to {fallen:g} s; converters begin anew past "
            "midnight)"
        )
    within = mean_count_time(facts.durations[number], half_life)
    return facts.starts[number] + within, "not decay corrected: mean count time of the frame"


def _against_decay_factor(facts: PetFacts, reference: float, half_life: float) -> str:
    """A DecayFactor (0054,1321), which converters copy from DICOM, by which values are corrected to another time.

    dcm2niix before 2026-04 took the Acquisition Time of a late static frame for time zero, while values are corrected
    to the start of the scan.
    """
    rate = math.log(2.0) / half_life
    apart = []
    for start, duration, factor in zip(facts.starts, facts.durations, facts.decay_factors, strict=False):
        if 1.0 < factor < 1e12:  # 1 is one that nobody filled in
            elapsed = math.log(factor) / rate - mean_count_time(duration, half_life)
            apart.append(start - elapsed - reference)
    if not apart or abs(off := min(apart, key=abs)) <= OFF_BY:
        return ""
    return (
        f"SUV: by DecayFactor values are corrected to {reference + off:.0f} s from time zero, by "
        f"ImageDecayCorrectionTime, which was taken, to {reference:g} s; by the former SUV 1.00 would be "
        f"{2.0 ** (off / half_life):.3g}"
    )


def _suv_warnings(facts: PetFacts, seconds: float, half_life: float) -> tuple[str, ...]:
    """What the user should look at: weights that differ, and an injection at the very start of a static scan, which is
    what converters make up."""
    notes = []
    own = half_life_of_tracer(facts.text("TracerName"))
    if own and abs(half_life / own - 1.0) > HALF_LIFE_TOLERANCE:
        tracer = f"{facts.text('TracerName')} ({own:g} s)"
        notes.append(f"SUV: the half-life of {half_life:g} s was taken, but the tracer is called {tracer}")
    if facts.weight and (other := _other_weight(facts)):
        (weight, where), (odd, place) = facts.weight, other
        notes.append(
            f"SUV: the body weight is {weight:g} kg by {where}, which was taken, and {odd:g} kg by {place}, by which "
            f"SUV 1.00 would be {odd / weight:.3g}"
        )
    if 0 < seconds <= SOON and len(facts.durations) == 1 and seconds < facts.durations[0]:
        meant = 2.0 ** (59.0 * seconds / half_life)
        notes.append(
            f"SUV: the JSON file puts the injection {seconds:g} s before a scan of one frame; if these are minutes, "
            f"SUV 1.00 would be {meant:.3g}"
        )
    if seconds == 0 and facts.number("InjectionStart") == 0 and len(facts.durations) == 1:
        later = 2.0 ** (3600.0 / half_life)
        notes.append(
            "SUV: the JSON file puts the injection at the start of a scan of one frame, and converters write 0 where "
            f"they do not know; if it was an hour before, SUV 1.00 would be {later:.3g}"
        )
    return tuple(notes)


def _other_weight(facts: PetFacts) -> tuple[float, str] | None:
    """A weight that is not the one taken; that of a session may differ from that of the participant, who was weighed
    another day."""
    assert facts.weight is not None
    weight, where = facts.weight
    for odd, place in facts.other_weights:
        dated = where.endswith("_sessions.tsv") and place == "participants.tsv"
        if not dated and abs(odd - weight) > SAME_WEIGHT * weight:
            return odd, place
    return None
