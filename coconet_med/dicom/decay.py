"""Radioactive decay and the standardized uptake value by body weight: the formulas that DICOM and BIDS share.

SUVbw = Bq/ml x weight[g] / (dose[Bq] x 2^(-t / half-life)),   t = decay reference time - injection time.
"""

from __future__ import annotations

import math
import re

#: Half-lives in seconds (Nuclear Data Sheets, ENSDF) of the radionuclides that PET uses.
HALF_LIVES_S = {
    "C11": 1221.8,
    "N13": 597.9,
    "O15": 122.24,
    "F18": 6586.2,
    "Sc43": 14007.6,
    "Sc44": 14552.0,
    "Mn52": 483062.0,
    "Co55": 63108.0,
    "Cu61": 12020.4,
    "Cu62": 580.2,
    "Cu64": 45721.0,
    "Ga68": 4062.6,
    "Br76": 58320.0,
    "Rb82": 75.45,
    "Y86": 53064.0,
    "Zr89": 282276.0,
    "Tb152": 63000.0,
    "Y90": 230544.0,
    "I124": 360806.0,
}
#: Relative difference up to which two half-lives are those of one radionuclide (published values differ by 0.4 %).
HALF_LIFE_TOLERANCE = 0.02

#: Plausible ranges; a value outside is a slip of units (MBq, grams) rather than a measurement.
DOSE_BQ = (1e5, 1e11)
WEIGHT_KG = (0.2, 500.0)
#: Less than this is below a hundredth of the least that is given: a dose in kBq, or in uCi.
LEAST_BQ_PER_KG = 1e4
HALF_LIFE_S = (30.0, 1e7)
#: Injection and decay reference lie at most so many half-lives apart: what is left later cannot be imaged.
MAX_HALF_LIVES = 10.0

#: The hottest voxel of a body has at least this SUV: blood and muscle keep 0.3 or more for hours, and noise adds.
LEAST_SUV = 0.05
#: An image holds at most this many times the injected activity; above 1 is room for noise and scatter.
MOST_OF_DOSE = 2.0


def suvbw_factor(*, weight_kg: float, dose_bq: float, decay_s: float, half_life_s: float) -> float:
    """Factor from Bq/ml to SUVbw (g/ml).

    Args:
        weight_kg: of the patient.
        dose_bq: activity at the time of injection.
        decay_s: seconds from the injection to the time that the values are decay corrected to; negative where the scan,
            whose start is the reference, began before the injection.
        half_life_s: of the radionuclide.

    Example:
        >>> round(suvbw_factor(weight_kg=70, dose_bq=2e8, decay_s=2700, half_life_s=6586.2), 9)
        0.000465023
    """
    return 1000.0 * weight_kg / (dose_bq * 2.0 ** (-decay_s / half_life_s))


def too_small_dose(dose_bq: float, weight_kg: float) -> str:
    """What is wrong with a dose that is too small for the body, in words; empty where nothing is.

    Example:
        >>> too_small_dose(2e8, 70), too_small_dose(1e6, 0.3)
        ('', '')
        >>> too_small_dose(2e5, 70)
        'a dose of 200000 Bq is not plausible at a body weight of 70 kg (written in another unit, it seems)'
    """
    if dose_bq >= LEAST_BQ_PER_KG * weight_kg:
        return ""
    body = f"at a body weight of {weight_kg:g} kg"
    return f"a dose of {dose_bq:g} Bq is not plausible {body} (written in another unit, it seems)"


def more_than_given(total_suv_ml: float, weight_kg: float) -> str:
    """A warning where an image holds more activity than was injected, which cannot be; else empty.

    The activity in the body at the reference time, over the dose at that time, is sum(SUV x volume of a voxel in ml) /
    weight in g: 1 for a whole body without excretion.

    Args:
        total_suv_ml: sum of SUVbw over the voxels, times the volume of one in ml.
        weight_kg: of the patient.

    Example:
        >>> more_than_given(60e3, 70)
        ''
        >>> more_than_given(7e6, 70)
        'SUV: the image holds 100 times the injected activity, so dose, weight, times or slopes are wrong'
    """
    times = total_suv_ml / (1000.0 * weight_kg)
    if times <= MOST_OF_DOSE:
        return ""
    return f"SUV: the image holds {times:.3g} times the injected activity, so dose, weight, times or slopes are wrong"


def less_than_tissue(highest_suv: float) -> str:
    """A warning where the highest SUV of an image is below that of any tissue after an injection; else empty.

    Example:
        >>> less_than_tissue(0.4)
        ''
        >>> less_than_tissue(0.004)
        'SUV: the highest value is 0.004, and no body has so little everywhere: slopes, units, dose or weight are wrong'
    """
    if highest_suv >= LEAST_SUV:
        return ""
    wrong = "slopes, units, dose or weight are wrong"
    return f"SUV: the highest value is {highest_suv:.2g}, and no body has so little everywhere: {wrong}"


def mean_count_time(duration_s: float, half_life_s: float) -> float:
    """Seconds from the start of a frame to the moment whose count rate is the mean of the frame.

    ``t_ave = ln(lambda T / (1 - exp(-lambda T))) / lambda`` (DICOM PS3.3 C.8.9.4, Frame Reference Time): a little
    before the middle, the more so the faster the decay.

    Example:
        >>> round(mean_count_time(600.0, 6586.2), 1), round(mean_count_time(240.0, 75.45), 1)
        (298.4, 98.8)
    """
    rate = math.log(2.0) / half_life_s
    x = rate * duration_s
    if x < 1e-6:
        return duration_s / 2.0
    return math.log(x / -math.expm1(-x)) / rate


def half_life_of(name: str) -> float | None:
    """Half-life in seconds of a radionuclide by any of its usual names, ``None`` where it is not known here, or where
    several are named that differ.

    Example:
        >>> half_life_of("F18"), half_life_of("^18^Fluorine"), half_life_of("[68Ga]"), half_life_of("Tc99m")
        (6586.2, 6586.2, 4062.6, None)
    """
    words = {symbol.lower(): symbol for symbol in re.findall(r"[A-Za-z]+", name)}
    masses = re.findall(r"(\d+)(?!\s*m\b)", name)
    found = set()
    for nuclide, half_life in HALF_LIVES_S.items():
        symbol, mass = re.match(r"([A-Za-z]+)(\d+)", nuclide).groups()  # type: ignore[union-attr]
        if mass in masses and ({symbol.lower(), _ELEMENTS[symbol]} & words.keys()):
            found.add(half_life)
    return found.pop() if len(found) == 1 else None


def half_life_of_tracer(name: str) -> float | None:
    """Half-life in seconds of a tracer by the radionuclide in its name; FDG is F-18 without saying so.

    Example:
        >>> half_life_of_tracer("FDG"), half_life_of_tracer("[11C]PiB"), half_life_of_tracer("water")
        (6586.2, 1221.8, None)
    """
    fluorine = re.search(r"\bfdg\b|fluorodeoxyglucose", name, re.IGNORECASE) is not None
    return half_life_of(name) or (HALF_LIVES_S["F18"] if fluorine else None)


def known_half_life(half_life_s: float) -> bool:
    """Whether a half-life is that of a radionuclide in :data:`HALF_LIVES_S`, within the tolerance."""
    return any(abs(half_life_s / known - 1.0) <= HALF_LIFE_TOLERANCE for known in HALF_LIVES_S.values())


_ELEMENTS = {
    "C": "carbon",
    "N": "nitrogen",
    "O": "oxygen",
    "F": "fluorine",
    "Sc": "scandium",
    "Mn": "manganese",
    "Co": "cobalt",
    "Cu": "copper",
    "Ga": "gallium",
    "Br": "bromine",
    "Rb": "rubidium",
    "Y": "yttrium",
    "Zr": "zirconium",
    "Tb": "terbium",
    "I": "iodine",
}
