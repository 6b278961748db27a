"""Values that the scanner has normalized already, by body weight or otherwise, brought to SUVbw.

Formulas of PS3.16 (CID 85, codes 126401 to 126406): lean body mass after James with 120 and 128, and after
Janmahasatian; ideal body weight; body surface area after Du Bois.  Weight in kg, height in cm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.drug import ImpossibleError, one_value, weight_of

if TYPE_CHECKING:
    from coconet_med.dicom.series import Series

HEIGHT_M = (0.3, 2.6)

_Mass = Callable[[float, float], float]


def _james(male: float) -> tuple[_Mass, _Mass]:
    return (lambda w, h: 1.10 * w - male * (w / h) ** 2), (lambda w, h: 1.07 * w - 148.0 * (w / h) ** 2)


def _janmahasatian(a: float, b: float) -> _Mass:
    return lambda w, h: 9270.0 * w / (a + b * w / (h / 100.0) ** 2)


#: Mass in kg of men and of women, by SUV Type (0054,1006).
MASSES: dict[str, tuple[_Mass, _Mass]] = {
    "LBM": _james(120.0),
    "LBMJAMES128": _james(128.0),
    "LBMJANMA": (_janmahasatian(6680.0, 216.0), _janmahasatian(8780.0, 244.0)),
    "IBW": ((lambda w, h: 48.0 + 1.06 * (h - 152.0)), (lambda w, h: 45.5 + 0.91 * (h - 152.0))),
}


def to_body_weight(series: Series, kind: str) -> float:
    """Factor from values normalized by ``kind`` (a value of SUV Type) to SUVbw.

    Raises:
        ImpossibleError: weight, height or sex are missing or not plausible, or ``kind`` is unknown.
    """
    if kind in ("", "BW"):
        return 1.0
    if kind != "BSA" and kind not in MASSES:
        raise ImpossibleError(f"SUV Type '{kind}' is not known")
    weight = weight_of(series)
    height = one_value(series, "patient height", "PatientSize", HEIGHT_M, "m") * 100
    if kind == "BSA":
        return 1000.0 * weight / (0.007184 * weight**0.425 * height**0.725 * 1e4)  # g per cm2
    men, women = MASSES[kind]
    sex = headers.text(series.facts, "PatientSex").strip().upper()
    masses = {"M": (men,), "F": (women,), "O": (men, women)}.get(sex)
    if masses is None:
        raise ImpossibleError(f"patient's sex is '{sex or 'missing'}', which the formula of SUV Type {kind} needs")
    mass = sum(formula(weight, height) for formula in masses) / len(masses)
    if not 0.3 <= mass / weight <= 3.0:
        raise ImpossibleError(f"{weight:g} kg and {height:g} cm give a mass of {mass:g} kg by SUV Type {kind}")
    return weight / mass
