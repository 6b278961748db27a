"""Windows by name: presets of uptake in its own units, windows of CT by what is on it, and how both are given."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from ct_cases import ct_of

from coconet_med.errors import OptionError
from coconet_med.source import Source
from coconet_med.windowing.presets import parse_window, readable
from coconet_med.windowing.window import window_for


def test_a_ct_without_units_is_known_by_its_air_as_anatomy() -> None:
    source = ct_of("thighs", units="relative")
    window = window_for(source, sitk.GetArrayViewFromImage(source.image), "anatomy")
    assert (window.low, window.high, window.units) == (-160, 240, "HU")
    assert "taken for HU" in window.reason


def test_a_window_of_ct_by_name_is_refused_for_mri() -> None:
    source = Source(sitk.Image(2, 2, 2, sitk.sitkFloat32), "mri")
    with pytest.raises(OptionError, match="--anatomy-window bone: mri is in relative, not in HU"):
        window_for(source, np.linspace(0, 900, 8), "anatomy", given="bone")
    assert window_for(source, np.linspace(0, 900, 8), "anatomy", given="10 500").high == 500


def _pet(units: str) -> Source:
    return Source(sitk.Image(2, 2, 2, sitk.sitkFloat32), "pet", units=units, modality="PT")


@pytest.mark.parametrize(
    ("preset", "units", "expected"),
    [
        ("suv:0-6", "SUVbw", (0, 6, "SUVbw")),
        ("suv:0.5-10", "SUVbw", (0.5, 10, "SUVbw")),
        ("suvr:0-2.5", "relative", (0, 2.5, "SUVR")),
        ("percent:10-50", "Bq/ml", (8, 40, "Bq/ml")),
        ("robust", "SUVbw", (0, 80, "SUVbw")),
        ("0 6", "SUVbw", (0, 6, "SUVbw")),
    ],
)
def test_presets_of_uptake_are_in_its_own_units(preset: str, units: str, expected: tuple) -> None:
    window = window_for(_pet(units), np.linspace(0, 80, 100_000), "function", given=preset)
    assert (window.low, pytest.approx(window.high), window.units) == expected


@pytest.mark.parametrize(("preset", "units"), [("suv:0-6", "Bq/ml"), ("suv:0-6", "relative"), ("suvr:0-2", "SUVbw")])
def test_a_preset_for_other_units_is_refused(preset: str, units: str) -> None:
    with pytest.raises(OptionError, match=f"--window {preset}: pet is in {units}"):
        window_for(_pet(units), np.linspace(0, 80, 100), "function", given=preset)


@pytest.mark.parametrize("choice", ["lung", "suv:6-0", "suv:0-", "1 2 3", "0 x", "percent:0-nan"])
def test_what_is_no_window_of_uptake_is_refused(choice: str) -> None:
    with pytest.raises(OptionError, match="--window"):
        parse_window("--window", choice)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(8.784, 8.8), (9.153, 9.2), (10265, 11000), (0.0123, 0.013), (1, 1), (100, 100), (99.99, 100)],
)
def test_the_top_of_a_robust_window_is_readable_and_never_lower(value: float, rounded: float) -> None:
    assert readable(value) == rounded
    values = np.full(1000, value)
    values[0] = 0
    assert window_for(_pet("SUVbw"), values, "function").high == rounded


@pytest.mark.parametrize("choice", [("a", "b"), (0, "x"), (None, 1), [1, 2, 3], (1,), 5, {"a": 1}])
def test_a_window_in_python_that_is_none_is_refused_with_words(choice: object) -> None:
    with pytest.raises(OptionError, match=r"^window .*: give two numbers, such as \(0, 6\), or the name of a preset$"):
        parse_window("window", choice)  # type: ignore[arg-type]
