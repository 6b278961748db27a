"""SUV of a NIfTI PET by what BIDS keeps beside it: dose, weight, radionuclide, and times relative to time zero."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from coconet_med.dicom.decay import (
    HALF_LIFE_TOLERANCE,
    MAX_HALF_LIVES,
    WEIGHT_KG,
    half_life_of_tracer,
    less_than_tissue,
    more_than_given,
    suvbw_factor,
    too_small_dose,
)
from coconet_med.errors import OptionError
from coconet_med.readers.checks import highest, suv_volume
from coconet_med.readers.pet_inputs import (
    ImpossibleError,
    against_decay_factor,
    check_attenuation,
    dose_of,
    half_life_stated,
    uptake_time,
)
from coconet_med.readers.pet_json import PetFacts
from coconet_med.source import RELATIVE_UNITS, Source, writable

#: Keys of which a JSON file about PET has at least one.
_PET_KEYS = {"Units", "InjectedRadioactivity", "TracerRadionuclide", "ImageDecayCorrected", "FrameDuration"}
#: Keys on which the result of a fusion may depend.
USED_KEYS = _PET_KEYS | {
    "DecayFactor",
    "DecayCorrectionFactor",
    "DecayCorrection",
    "RadionuclideTotalDose",
    "AttenuationCorrectionMethod",
    "InjectedRadioactivityUnits",
    "RadionuclideHalfLife",
    "InjectionStart",
    "ImageDecayCorrectionTime",
    "FrameTimesStart",
    "AttenuationCorrection",
}
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
    except ImpossibleError as reason:
        said = "; ".join((*facts.unreadable, str(reason)))
        return BidsSuv(None, said)


def _computed(facts: PetFacts, frame: int | None) -> BidsSuv:
    if not facts.to_bqml:
        raise ImpossibleError(f"Units are '{facts.text('Units') or 'not stated'}' in the JSON file, not Bq/mL")
    check_attenuation(facts)
    dose = dose_of(facts)
    if facts.weight is None:
        if facts.no_weight:
            raise ImpossibleError(f"body weight cannot be read: {facts.no_weight}")
        raise ImpossibleError("body weight is missing (BodyWeight of the JSON file, or weight in participants.tsv)")
    weight, where = facts.weight
    if not WEIGHT_KG[0] <= weight <= WEIGHT_KG[1]:
        raise ImpossibleError(f"body weight of {weight:g} kg ({where}) is not plausible")
    if small := too_small_dose(dose, weight):
        raise ImpossibleError(small)
    half_life = half_life_stated(facts)
    seconds, reference, rule = uptake_time(facts, frame, half_life)
    ends = [s + d for s, d in zip(facts.starts, facts.durations, strict=False)]
    if reference is not None and seconds < 0 and reference - seconds >= max(ends, default=reference - seconds):
        raise ImpossibleError(f"the injection ({reference - seconds:g} s) lies after the scan ({reference:g} s)")
    if seconds > MAX_HALF_LIVES * half_life:
        raise ImpossibleError(f"the injection lies {seconds / half_life:.0f} half-lives before the scan")
    factor = facts.to_bqml * suvbw_factor(weight_kg=weight, dose_bq=dose, decay_s=seconds, half_life_s=half_life)
    inputs = {
        "weight_kg": weight,
        "weight_from": where,
        "dose_Bq": dose,
        "half_life_s": half_life,
        "decay_s": seconds,
        "rule": rule,
    }
    notes = _suv_warnings(facts, seconds, half_life)
    if facts.decay_corrected and reference is not None and (odd := against_decay_factor(facts, reference, half_life)):
        notes += (odd,)
    return BidsSuv(factor, inputs=inputs, warnings=notes)


def _suv_warnings(facts: PetFacts, seconds: float, half_life: float) -> tuple[str, ...]:
    """What the user should look at: weights that differ, and an injection at the very start of a static scan, which is
    what converters make up."""
    notes = []
    own = half_life_of_tracer(facts.text("TracerName"))
    if own and abs(half_life / own - 1.0) > HALF_LIFE_TOLERANCE:
        tracer = f"{facts.text('TracerName')} ({own:g} s)"
        notes.append(f"SUV: the half-life of {half_life:g} s was taken, but the tracer is called {tracer}")
    if "infusion" in (mode := facts.text("ModeOfAdministration")).lower():
        notes.append(
            f"SUV: the tracer was given as {mode!r} (ModeOfAdministration); the whole dose was taken as given at "
            "InjectionStart, so SUV is not that after a bolus"
        )
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
    guessed = seconds == 0 and facts.number("InjectionStart") == 0 and facts.text("DecayCorrection").upper() != "ADMIN"
    if guessed and len(facts.durations) == 1:
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
