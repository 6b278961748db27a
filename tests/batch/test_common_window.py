"""One window for all images of a person, or of a whole batch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
from batch_phantom import ball

from coconet_med.batch.case import BatchOptions, Case
from coconet_med.batch.common_window import with_common_windows
from coconet_med.batch.fingerprint import fingerprint_of
from coconet_med.batch.run import Runner
from coconet_med.errors import OptionError
from coconet_med.windowing.presets import common_preset, parse_window


def _case(folder: Path, name: str, scale: float, *, sign: int = 1) -> Case:
    anatomy, function = ball(len(name), size=24)
    function = sitk.Cast(function * scale, sitk.sitkFloat32)
    if sign < 0:
        function = sitk.Cast(function - scale * 400, sitk.sitkFloat32)
    paths = folder / f"{name}_mri.nii.gz", folder / f"{name}_pet.nii.gz"
    for image, path in zip((anatomy, function), paths, strict=True):
        sitk.WriteImage(image, str(path))
    return Case(name, *paths, target=f"{name}_fused")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("persons")
    reported = (("sub-01_ses-1", 1.0), ("sub-01_ses-2", 1.7), ("sub-02_ses-1", 0.5), ("sub-02_ses-2", 0.3))
    return [_case(folder, name, scale) for name, scale in reported]


def _limits(case: Case) -> tuple[float, float]:
    assert case.window
    low, high = case.window.removeprefix("common:").split("-")
    return float(low), float(high)


def test_sessions_of_a_person_share_the_widest_window(cases: list[Case]) -> None:
    found = [_limits(case) for case in with_common_windows(cases, BatchOptions(), "person")]
    assert found[0] == found[1] != found[2] == found[3]
    alone = [_limits(with_common_windows([case], BatchOptions(), "all")[0]) for case in cases]
    assert found[0][1] == max(alone[0][1], alone[1][1])
    assert found[2][1] == max(alone[2][1], alone[3][1])
    everyone = [_limits(case) for case in with_common_windows(cases, BatchOptions(), "all")]
    assert set(everyone) == {(0.0, max(high for _, high in alone))}


def test_the_window_reaches_the_result_and_the_fingerprint(cases, shelf, quick, tmp_path) -> None:
    shared = with_common_windows(cases[:2], quick, "person")
    runner = Runner(tmp_path, quick, load=shelf)
    for case in shared:
        assert runner.run(case).error == ""
    reported = [json.loads((tmp_path / f"{case.target}.json").read_text(encoding="utf-8")) for case in shared]
    assert reported[0]["window"] == reported[1]["window"]
    assert reported[0]["window"]["high"] == _limits(shared[0])[1]
    assert not any("above the window" in warning for side in reported for warning in side["warnings"])
    assert fingerprint_of(shared[0], quick, "0") != fingerprint_of(cases[0], quick, "0")
    assert runner.run(shared[0]).status == "kept"


def test_maps_of_both_signs_share_a_symmetric_window(tmp_path: Path) -> None:
    pair = [_case(tmp_path, f"sub-03_ses-{n}", scale, sign=-1) for n, scale in ((1, 1.0), (2, 2.0))]
    found = with_common_windows(pair, BatchOptions(), "all")
    assert found[0].window == found[1].window
    low, high = parse_limits(found[0].window)
    assert low == -high
    mixed = [pair[0], _case(tmp_path, "sub-03_ses-3", 1.0)]
    with pytest.raises(OptionError, match="relative of both signs and sub-03_ses-3 in relative"):
        with_common_windows(mixed, BatchOptions(), "all")


def parse_limits(preset: str | None) -> tuple[float, float]:
    assert preset
    assert parse_window("--window", preset) == preset
    low, high = preset.removeprefix("common:-").rsplit("-", 1)
    return -float(low), float(high)


def test_what_cannot_share_a_window_is_refused(cases: list[Case]) -> None:
    with pytest.raises(OptionError, match="--common-window everyone: choose person or all"):
        with_common_windows(cases, BatchOptions(), "everyone")
    with pytest.raises(OptionError, match="leave out --window"):
        with_common_windows(cases, BatchOptions(window=(0, 5)), "all")
    nobody = replace(cases[0], id="scan7")
    assert nobody.function is not None
    moved = nobody.function.with_name("plain_pet.nii.gz")
    moved.write_bytes(nobody.function.read_bytes())
    with pytest.raises(OptionError, match="who case scan7 is of is not known"):
        with_common_windows([replace(nobody, function=moved)], BatchOptions(), "person")


def test_a_case_that_cannot_be_read_stops_no_other(cases: list[Case], tmp_path: Path) -> None:
    (tmp_path / "sub-09_pet.nii.gz").write_bytes(b"nothing")
    broken = replace(cases[0], id="sub-09", function=tmp_path / "sub-09_pet.nii.gz")
    found = with_common_windows([broken, *cases[:2]], BatchOptions(), "all")
    assert found[0].window is None
    assert found[1].window == found[2].window != None  # noqa: E711


def test_the_preset_is_read_back() -> None:
    for low, high in ((0.0, 8.8), (0.0, 11000.0), (-7.0, 7.0), (0.0, 3.2e-9), (0.0, 1.2e12)):
        assert parse_window("--window", common_preset(low, high)) == common_preset(low, high)
