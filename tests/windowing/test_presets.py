"""Windows by name: presets of uptake in its own units, windows of CT by what is on it, and how both are given."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.commands.options import windows_joined
from coconet_med.errors import OptionError
from coconet_med.source import Source
from coconet_med.windowing.ct import CT_WINDOWS, content_of
from coconet_med.windowing.presets import parse_window, readable
from coconet_med.windowing.window import window_for


def _disk(shape: tuple[int, int], radii: tuple[float, float], shift: float = 0.0) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return ((y - shape[0] / 2) / radii[0]) ** 2 + ((x - shape[1] / 2 - shift) / radii[1]) ** 2 < 1


def _ct(part: str, units: str = "HU") -> Source:
    plane = np.full((200, 260), -1000.0, np.float32)
    if part == "head":
        for radii, hu in (((95, 75), 20), ((90, 70), 1000), ((84, 64), 35)):
            plane[_disk(plane.shape, radii)] = hu
    elif part == "thighs":
        for shift in (-60, 60):
            for radius, hu in ((55, -90), (45, 55), (14, 1100), (8, 20)):
                plane[_disk(plane.shape, (radius, radius), shift)] = hu
    elif part == "chest":
        plane[_disk(plane.shape, (90, 125))] = 40
        for shift in (-55, 55):
            plane[_disk(plane.shape, (65, 45), shift)] = -850
    elif part == "wrist":
        plane[_disk(plane.shape, (30, 40))] = 40
        plane[_disk(plane.shape, (24, 34))] = 700
    image = sitk.GetImageFromArray(np.repeat(plane[None], 8, axis=0))
    image.SetSpacing((1.0, 1.0, 4.0))
    return Source(image, part, units=units)


@pytest.mark.parametrize(
    ("part", "name"), [("head", "brain"), ("thighs", "soft-tissue"), ("chest", "lung"), ("wrist", "bone")]
)
@pytest.mark.parametrize("role", ["anatomy", "function"])
def test_a_ct_is_shown_in_the_window_of_what_is_on_it(part: str, name: str, role: str) -> None:
    source = _ct(part)
    window = window_for(source, sitk.GetArrayViewFromImage(source.image), role)  # type: ignore[arg-type]
    assert (window.low, window.high) == CT_WINDOWS[name]
    assert window.chosen == f"CT {name} window"
    assert window.reason


def test_a_skull_cut_open_is_a_head_only_where_the_header_says_so() -> None:
    from dataclasses import replace

    content = replace(content_of(_ct("head")), brain=0.1)
    assert content.window()[0] == "soft-tissue"
    assert replace(content, part="HEAD").window()[0] == "brain"
    assert replace(content, part="HEADNECK").window()[0] == "soft-tissue"
    assert replace(content_of(_ct("thighs")), part="HEAD").window()[0] == "soft-tissue"


def test_a_ct_without_units_is_known_by_its_air_as_anatomy() -> None:
    source = _ct("thighs", units="relative")
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


def test_two_numbers_behind_a_window_are_one_word_and_a_preset_stays_alone() -> None:
    given = ["fuse", "a", "--window", "0", "6", "b", "--anatomy-window", "-160", "240", "--plane", "axial"]
    joined = ["fuse", "a", "--window", "0 6", "b", "--anatomy-window", "-160 240", "--plane", "axial"]
    assert windows_joined(given) == joined == windows_joined(joined)
    assert windows_joined(["--window", "suv:0-6", "7"]) == ["--window", "suv:0-6", "7"]


@pytest.mark.parametrize("choice", [("a", "b"), (0, "x"), (None, 1), [1, 2, 3], (1,), 5, {"a": 1}])
def test_a_window_in_python_that_is_none_is_refused_with_words(choice: object) -> None:
    with pytest.raises(OptionError, match=r"^window .*: give two numbers, such as \(0, 6\), or the name of a preset$"):
        parse_window("window", choice)  # type: ignore[arg-type]
