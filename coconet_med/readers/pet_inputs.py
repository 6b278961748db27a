"""What SUV needs of the JSON file beside a PET: dose, half-life, injection, and the moment that values belong to.

BIDS has its own names; those that dcm2niix copies from DICOM stand in where it writes none of BIDS.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

from coconet_med.dicom.decay import DOSE_BQ, HALF_LIFE_TOLERANCE, half_life_of, known_half_life, mean_count_time
from coconet_med.readers.pet_json import PetFacts

#: Becquerels in the units of InjectedRadioactivityUnits.
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
#: Doses that differ by more than this part are two.
SAME_DOSE = 0.02


class ImpossibleError(Exception):
    """SUV cannot be computed; the message is the reason."""


def seconds_of(facts: PetFacts, key: str) -> float:
    """Seconds from time zero."""
    seconds = facts.number(key)
    if seconds is None:
        text = facts.text(key)
        said = f"{text!r}, expected seconds from TimeZero" if text else "missing"
        if key == "InjectionStart" and not text:
            said += " (seconds from TimeZero; dcm2niix has not written it since April 2026): add it to the JSON file"
        raise ImpossibleError(f"{key} is {said}")
    return seconds


def check_attenuation(facts: PetFacts) -> None:
    """Refuse an image that says, in either of two keys, that it is not corrected for attenuation."""
    for key in ("AttenuationCorrection", "AttenuationCorrectionMethod"):
        if said := facts.text(key):
            if _UNCORRECTED.search(said):
                raise ImpossibleError(f"not corrected for attenuation ({key})")
            return


def dose_of(facts: PetFacts) -> float:
    """Becquerels that were injected: of BIDS, else of DICOM (RadionuclideTotalDose, Bq); both must agree."""
    copied = facts.number("RadionuclideTotalDose")
    dose, units = facts.number("InjectedRadioactivity"), facts.text("InjectedRadioactivityUnits")
    key = "InjectedRadioactivity"
    if dose is None and not facts.values.get(key) and copied is not None:
        dose, units, key, copied = copied, "Bq", "RadionuclideTotalDose", None
    if dose is None:
        text = facts.text(key) or str(facts.values.get(key) or "")
        raise ImpossibleError(f"InjectedRadioactivity is {f'{text!r}, not a number' if text else 'missing'}")
    scale = BECQUERELS.get(units.lower().replace("μ", "µ"))
    if scale is None:
        raise ImpossibleError(f"InjectedRadioactivityUnits are '{units or 'missing'}', expected MBq")
    if not DOSE_BQ[0] <= dose * scale <= DOSE_BQ[1]:
        meant = " (Bq, it seems)" if DOSE_BQ[0] <= dose <= DOSE_BQ[1] else ""
        raise ImpossibleError(f"{key} of {dose:g} {units} is not plausible{meant}")
    if copied and DOSE_BQ[0] <= copied <= DOSE_BQ[1] and abs(copied / (dose * scale) - 1.0) > SAME_DOSE:
        raise ImpossibleError(f"{key} is {dose:g} {units}, and RadionuclideTotalDose is {copied:g} Bq")
    return dose * scale


def half_life_stated(facts: PetFacts) -> float:
    name, stated = facts.text("TracerRadionuclide"), facts.number("RadionuclideHalfLife")
    known = half_life_of(name)
    if known is None and stated is None:
        raise ImpossibleError(f"half-life of '{name or 'an unnamed radionuclide'}' (TracerRadionuclide) is not known")
    if known and stated and abs(stated / known - 1.0) > HALF_LIFE_TOLERANCE:
        raise ImpossibleError(f"RadionuclideHalfLife of {stated:g} s is not that of {name} ({known:g} s)")
    for unit, seconds in (("minutes", 60.0), ("hours", 3600.0)):
        if stated and not known_half_life(stated) and known_half_life(stated * seconds):
            hint = f"({unit}, it seems; BIDS asks for seconds)"
            raise ImpossibleError(f"RadionuclideHalfLife of {stated:g} s is not plausible {hint}")
    return stated or known or 0.0


def uptake_time(facts: PetFacts, frame: int | None, half_life: float) -> tuple[float, float | None, str]:
    """Seconds from the injection to the moment that values belong to; that moment, s from time zero, where it is
    needed; and how they were found."""
    how = facts.text("DecayCorrection").upper()
    if how in ("START", "ADMIN", "NONE") and facts.decay_corrected == (how == "NONE"):
        stated = str(facts.values.get("ImageDecayCorrected")).lower()
        raise ImpossibleError(f"ImageDecayCorrected is {stated}, but DecayCorrection says {how}")
    if how == "ADMIN":
        injected, reference = facts.number("InjectionStart"), facts.number("ImageDecayCorrectionTime")
        if injected is not None and reference is not None and abs(reference - injected) > OFF_BY:
            raise ImpossibleError(
                f"DecayCorrection says ADMIN (to the injection), but ImageDecayCorrectionTime is {reference:g} s and "
                f"InjectionStart {injected:g} s"
            )
        return 0.0, reference, "DecayCorrection ADMIN: corrected to the injection"
    injected = seconds_of(facts, "InjectionStart")
    reference, rule = reference_of(facts, frame, half_life)
    return reference - injected, reference, rule


def reference_of(facts: PetFacts, frame: int | None, half_life: float) -> tuple[float, str]:
    """Seconds from time zero to the moment that the values belong to, and how it was found."""
    if facts.decay_corrected:
        return seconds_of(facts, "ImageDecayCorrectionTime"), "ImageDecayCorrectionTime"
    if facts.decay_corrected is None:
        stated = facts.values.get("ImageDecayCorrected")
        said = "missing" if stated is None else f"{stated!r}, expected true or false"
        raise ImpossibleError(f"ImageDecayCorrected is {said}")
    number = 0 if frame is None else frame
    if frame is None and max(len(facts.starts), len(facts.durations)) != 1:
        raise ImpossibleError("not decay corrected, and FrameTimesStart and FrameDuration are not those of one frame")
    if number >= min(len(facts.starts), len(facts.durations)):
        raise ImpossibleError("not decay corrected, and FrameTimesStart or FrameDuration are missing")
    if facts.durations[number] > LONGEST_FRAME:
        raise ImpossibleError(f"FrameDuration of {facts.durations[number]:g} s is not plausible (ms, it seems)")
    fallen = next((later for earlier, later in pairwise(facts.starts) if later <= earlier), None)
    if fallen is not None:
        raise ImpossibleError(
            f"not decay corrected, and FrameTimesStart does not rise (back to {fallen:g} s; converters begin anew past "
            "midnight)"
        )
    within = mean_count_time(facts.durations[number], half_life)
    return facts.starts[number] + within, "not decay corrected: mean count time of the frame"


def against_decay_factor(facts: PetFacts, reference: float, half_life: float) -> str:
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
