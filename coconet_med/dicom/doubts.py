"""What the header of a PET says against the SUV that weight, dose and times give: each a sentence, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.drug import ImpossibleError, half_life_s
from coconet_med.dicom.identity import NO_BIRTH
from coconet_med.dicom.injection import injection_of
from coconet_med.dicom.reference import FACTOR, SERIES, bound_s, by_factor
from coconet_med.dicom.timing import shots_of
from coconet_med.dicom.vendors import PHILIPS_ACTIVITY, PHILIPS_SUV, private_number
from coconet_med.dicom.zone import clock_of

if TYPE_CHECKING:
    from coconet_med.dicom.reference import Reference
    from coconet_med.dicom.series import Series
    from coconet_med.dicom.times import Clock

#: Nobody of this age (years) and above is as light as this (kg).
GROWN, LIGHT_KG = 16.0, 20.0
#: A bolus is given in less (s); who writes a longer infusion than this (s) has put another day.
SLOW_S, LONGEST_INFUSION_S = 600.0, 12 * 3600.0
#: Factors of the scanner and of the header that differ by less than this part are one.
SAME_FACTOR = 0.01


def parametric(series: Series) -> str:
    """Why values are those of a model (Patlak's Ki, a distribution volume), which no Units of a PET can name."""
    if "PARAMETRIC" not in series.words():
        return ""
    stated = headers.units(series.facts) or "missing"
    return f"Image Type says PARAMETRIC: values are parameters of a model, whatever Units ({stated}) say"


def light_weight(series: Series, weight_kg: float) -> str:
    """A body weight that a grown person does not have; phantoms and animals may bear any birth date."""
    years = _age(series)
    if years is None or years < GROWN or weight_kg >= LIGHT_KG:
        return ""
    return f"SUV: the patient weight of {weight_kg:g} kg was taken, at an age of {years:.0f} years by the header"


def unattenuated(series: Series, units: str) -> tuple[str, ...]:
    """A warning of values that are SUV by their units, though the header says that attenuation was not corrected."""
    corrections = {word.upper() for word in headers.words(series.facts, "CorrectedImage")}
    flag = headers.text(series.facts, "AttenuationCorrected").strip().upper()
    if not (corrections and "ATTN" not in corrections) and flag != "NO":
        return ()
    return (
        f"SUV: Units say {units}, but values are not corrected for ATTN (Corrected Image): uptake deep in the body is "
        "too low, and no SUV; choose the series with attenuation correction",
    )


def against_admin(series: Series) -> str:
    """A Decay Factor by which values are not corrected to the administration, as Decay Correction ADMIN says."""
    try:
        half_life, _ = half_life_s(series)
        clock = clock_of(series)
        shots = set(shots_of(series, clock).values())
        starts = [shot.start for shot in shots if shot.start is not None]
        bound = timedelta(seconds=bound_s(half_life))
        found = by_factor(shots, half_life, bound)
        if clock.assumed or not starts or found is None:
            return ""
        given = injection_of(series, clock, min(starts), None, half_life).when
    except ImpossibleError:  # ADMIN needs none of these
        return ""
    when, slack = found
    if abs(when - given) <= bound + 2 * slack:
        return ""
    other = 2.0 ** ((when - given).total_seconds() / half_life)
    return (
        f"SUV: Decay Correction says ADMIN (injection {clock.show(given)}), which was taken; {FACTOR} says that values "
        f"are corrected to {clock.show(when)}, by which SUV 1.00 would be {other:.3g}"
    )


def against_philips(series: Series, factor: float) -> str:
    """Philips' own factors beside Bq/ml: SUV per count over Bq/ml per count is SUV per Bq/ml."""
    (direct, _), (activity, _) = (private_number(series.facts, what) for what in (PHILIPS_SUV, PHILIPS_ACTIVITY))
    if not direct or not activity or direct <= 0 or activity <= 0:
        return ""
    other = direct / activity / factor
    if abs(other - 1.0) <= SAME_FACTOR:
        return ""
    return (
        f"SUV: by Philips (7053,1000) and (7053,1009) SUV 1.00 would be {other:.3g}; weight, dose and times were taken"
    )


def slow_injection(series: Series, start: datetime, clock: Clock) -> tuple[str, ...]:
    """A warning of a tracer that was given as an infusion: SUV is defined for a dose that is given at once.

    Args:
        series: whose header may say when the injection ended.
        start: of the injection, as it was taken.
        clock: of the series.
    """
    drug = next(iter(headers.items(series.facts, "RadiopharmaceuticalInformationSequence")), None)
    if drug is None:
        return ()
    local = clock.local(start)
    stop = headers.parse_datetime(local.strftime("%Y%m%d"), headers.text(drug, "RadiopharmaceuticalStopTime").strip())
    if full := clock.parse(headers.text(drug, "RadiopharmaceuticalStopDateTime").strip(), series.header):
        stop = clock.local(full)
    if stop is None:
        return ()
    lasted = (stop - local).total_seconds()
    if not SLOW_S < lasted < LONGEST_INFUSION_S:
        return ()
    return (
        f"SUV: the tracer was given over {lasted / 60:.3g} min (Radiopharmaceutical Stop Time); the whole dose was "
        "taken as given at the start, so SUV is not that after a bolus",
    )


def disagreeing(taken: Reference, half_life: float, clock: Clock) -> tuple[str, ...]:
    """One warning that names the reference time taken, those that disagree with it, and what SUV they would give."""
    said = []
    for other in taken.others:
        lag = (other.when - taken.when).total_seconds() / half_life
        effect = f"by which SUV 1.00 would be {2.0**lag:.3g}" if abs(lag) < 10 else "which cannot be"
        said.append(f"{other.name} {'say' if other.source == SERIES else 'says'} {clock.show(other.when)}, {effect}")
    if not said:
        return ()
    return (f"SUV: decay reference {clock.show(taken.when)} was taken ({taken.rule}); {'; '.join(said)}",)


def _age(series: Series) -> float | None:
    """Age in years by Patient's Age, else by birth and study date; ``None`` where nothing tells."""
    ds = series.facts
    text = headers.text(ds, "PatientAge").strip().upper()
    if text[:-1].isdigit() and text[-1:] in ("D", "W", "M", "Y"):
        return int(text[:-1]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[text[-1]]
    birth = headers.text(ds, "PatientBirthDate").strip()
    days = [headers.parse_datetime(date, "00") for date in (birth, headers.text(ds, "StudyDate").strip())]
    if birth in NO_BIRTH or days[0] is None or days[1] is None:
        return None
    return (days[1] - days[0]).days / 365.25
