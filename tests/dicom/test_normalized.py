"""Values normalized by lean mass, ideal weight or surface become SUVbw by the formulas of PS3.16."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from coconet_med.dicom.drug import ImpossibleError
from coconet_med.dicom.normalized import to_body_weight
from coconet_med.dicom.series import Instance, Series


def _series(**attributes: object) -> Series:
    ds = Dataset()
    for keyword, value in ({"PatientWeight": "70", "PatientSize": "1.75", "PatientSex": "M"} | attributes).items():
        setattr(ds, keyword, value)
    return Series("1.2", (Instance(Path("a"), ds, ""),))


@pytest.mark.parametrize(
    ("kind", "sex", "mass"),
    [
        ("BW", "M", 70.0),
        ("LBM", "M", 1.10 * 70 - 120 * (70 / 175) ** 2),
        ("LBMJAMES128", "M", 1.10 * 70 - 128 * (70 / 175) ** 2),
        ("LBM", "F", 1.07 * 70 - 148 * (70 / 175) ** 2),
        ("LBMJANMA", "F", 9270 * 70 / (8780 + 244 * 70 / 1.75**2)),
        ("IBW", "M", 48.0 + 1.06 * 23),
        ("IBW", "O", (48.0 + 1.06 * 23 + 45.5 + 0.91 * 23) / 2),
    ],
)
def test_the_factor_is_weight_by_mass(kind, sex, mass) -> None:
    assert to_body_weight(_series(PatientSex=sex), kind) == pytest.approx(70 / mass)


def test_the_surface_is_that_of_du_bois() -> None:
    square_centimeters = 0.007184 * 70**0.425 * 175**0.725 * 1e4
    assert to_body_weight(_series(), "BSA") == pytest.approx(70_000 / square_centimeters)


@pytest.mark.parametrize(
    ("kind", "attributes", "words"),
    [
        ("XYZ", {}, "'XYZ' is not known"),
        ("LBM", {"PatientSex": ""}, "sex is 'missing'"),
        ("IBW", {"PatientSize": "0.9"}, "give a mass of"),
    ],
)
def test_what_the_formula_needs_and_lacks_is_named(kind, attributes, words) -> None:
    with pytest.raises(ImpossibleError, match=words):
        to_body_weight(_series(**attributes), kind)
