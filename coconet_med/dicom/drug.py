"""What a PET header says was injected, and into whom: dose, body weight and half-life, each checked for slips."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.decay import (
    DOSE_BQ,
    HALF_LIFE_S,
    HALF_LIFE_TOLERANCE,
    WEIGHT_KG,
    half_life_of,
    half_life_of_tracer,
    known_half_life,
)
from coconet_med.dicom.series import Instance, Series

if TYPE_CHECKING:
    from pydicom import Dataset

#: Heights (m) with which a weight is compared: below lie small children and animals, above slips of units.
TELLING_HEIGHT_M = (1.0, 2.6)
#: Heights in this range are centimeters, written into an attribute of meters.
CENTIMETERS = (30.0, 260.0)
#: Body mass index (kg/m2) outside which nobody lives.
BODY_MASS_INDEX = (6.0, 200.0)


class ImpossibleError(Exception):
    """SUV cannot be computed; the message is the reason."""


def one_value(
    series: Series,
    what: str,
    keyword: str,
    plausible: tuple[float, float],
    unit: str,
    *,
    holder: Callable[[Instance], Dataset] = lambda instance: instance.facts,
) -> float:
    """The value that all files of the series share, within the plausible range.

    Args:
        series: whose files hold it.
        what: its name in messages.
        keyword: of the attribute.
        plausible: lowest and highest value.
        unit: in which DICOM asks for it.
        holder: the data set of a file that has the attribute.

    Raises:
        ImpossibleError: it is missing, differs or is not plausible.
    """
    found = {headers.number(holder(instance), keyword) for instance in series.instances}
    if len(found) > 1:
        raise ImpossibleError(f"{what} differs between the files of the series")
    number = found.pop()
    if number is None and (odd := headers.unreadable(holder(series.instances[0]), keyword)):
        raise ImpossibleError(f"{what} is '{odd}', which is not a number; DICOM asks for {unit} with a decimal point")
    if number is None:
        raise ImpossibleError(f"{what} is missing")
    if not plausible[0] <= number <= plausible[1]:
        hint = ""
        if unit == "Bq" and plausible[0] <= number * 1e6 <= plausible[1]:
            hint = f" ({'MBq' if number <= 2000 else 'MBq or uCi'}, it seems; DICOM asks for Bq)"
        if unit == "kg" and plausible[0] <= number / 1e3 <= plausible[1] and number > plausible[1]:
            hint = " (grams, it seems; DICOM asks for kg)"
        raise ImpossibleError(f"{what} of {number:g} {unit} is not plausible{hint}")
    return number


def dose_of(series: Series) -> float:
    """Injected activity, Bq."""
    return one_value(series, "injected dose", "RadionuclideTotalDose", DOSE_BQ, "Bq", holder=drug_of)


def weight_of(series: Series) -> float:
    """Body weight, kg; one that no body of the stated height has is a placeholder (1 kg at 1.75 m).

    Raises:
        ImpossibleError: missing, differs, or not plausible.
    """
    weight = one_value(series, "patient weight", "PatientWeight", WEIGHT_KG, "kg")
    height = headers.number(series.facts, "PatientSize")
    if height and CENTIMETERS[0] <= height <= CENTIMETERS[1]:
        height /= 100.0
    if height and TELLING_HEIGHT_M[0] <= height <= TELLING_HEIGHT_M[1]:
        index = weight / height**2
        if not BODY_MASS_INDEX[0] <= index <= BODY_MASS_INDEX[1]:
            raise ImpossibleError(f"patient weight of {weight:g} kg is not plausible at a height of {height:g} m")
    return weight


def half_life_s(series: Series) -> tuple[float, str]:
    """Half-life in seconds, and what is odd about it, if anything.

    Raises:
        ImpossibleError: missing, or not that of the radionuclide that the header names.
    """
    found = one_value(series, "half-life", "RadionuclideHalfLife", HALF_LIFE_S, "s", holder=drug_of)
    for unit, seconds in (("minutes", 60.0), ("hours", 3600.0)):
        if not known_half_life(found) and known_half_life(found * seconds):
            raise ImpossibleError(
                f"half-life of {found:g} s is not plausible ({unit}, it seems; DICOM asks for seconds)"
            )
    coded, *tracers = names_of(drug_of(series.instances[0]))
    expected = half_life_of(coded)
    if expected is not None and not _one_nuclide(found, expected):
        raise ImpossibleError(
            f"half-life of {found:g} s is not that of {headers.printable(coded, 40)} ({expected:g} s)"
        )
    for tracer in tracers:  # words that scanners keep from the last patient; the number counts
        own = half_life_of_tracer(tracer)
        if own is not None and not _one_nuclide(found, own):
            called = headers.printable(tracer, 40)
            return found, f"the half-life of {found:g} s was taken, but the tracer is called {called} ({own:g} s)"
    if expected is None and not known_half_life(found):
        return found, f"a half-life of {found:g} s is that of no radionuclide known here"
    return found, ""


def _one_nuclide(one: float, other: float) -> bool:
    return abs(one / other - 1.0) <= HALF_LIFE_TOLERANCE


def names_of(drug: Dataset) -> list[str]:
    """What names the radionuclide: its code, the radiopharmaceutical in words, and the code of that."""
    coded = [
        headers.text(items[0], "CodeMeaning").strip() if (items := headers.items(drug, keyword)) else ""
        for keyword in ("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence")
    ]
    return [coded[0], headers.text(drug, "Radiopharmaceutical").strip(), coded[1]]


def drug_of(instance: Instance) -> Dataset:
    """The one radiopharmaceutical that a file names.

    Raises:
        ImpossibleError: none, or several.
    """
    found = [item for item in headers.items(instance.facts, "RadiopharmaceuticalInformationSequence") if len(item)]
    if not found:
        raise ImpossibleError("Radiopharmaceutical Information Sequence is missing, and with it the injected dose")
    if len(found) > 1:
        raise ImpossibleError(f"{len(found)} radiopharmaceuticals are named, and which the image shows is unclear")
    return found[0]
