"""``coconet-med evaluate``: the figures of a result beside the baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import coconet_med
from coconet_med.errors import FusionError, PairError
from coconet_med.model import Model
from coconet_med.quality.evaluate import evaluate_files, evaluate_folder


def test_a_folder_gives_a_row_for_each_pair_and_method(atlas: Path) -> None:
    table = evaluate_folder(atlas, sets=["mri-pet"], engine="onnx")
    assert len(table.rows) == 2 * 9
    ours = next(mean for mean in table.means() if mean.method == "light")
    assert ours.persons == 2
    assert ours.values["rho_uptake"] > 0.98
    assert ours.values["uptake_mae"] < 3
    assert ours.values["leak"] < 0.01


def test_the_published_protocol_judges_by_the_luminance_of_the_colors(atlas: Path) -> None:
    rows = evaluate_folder(atlas, sets=["mri-pet"], function_as="luminance", engine="onnx", baselines=False).rows
    assert "rho_uptake" not in rows[0].values
    assert rows[0].values["H"] > 0


def test_an_unknown_set_is_refused(atlas: Path) -> None:
    with pytest.raises(FusionError, match="mri-spect"):
        evaluate_folder(atlas, sets=["mri-mri"])


def test_a_saved_result_is_judged_with_the_window_of_its_sidecar(
    pair: tuple[Path, Path], mean_model: Model, tmp_path: Path
) -> None:
    result = coconet_med.fuse(*pair, model=mean_model, window=(0, 40000))
    result.save(tmp_path / "fused.nii.gz")
    rows = evaluate_files(*pair, tmp_path / "fused.nii.gz").rows
    ours, average = (next(r.values for r in rows if r.method == m) for m in ("fused", "average"))
    assert ours["rho_uptake"] > 0.98
    assert ours["uptake_mae"] < 0.2  # with another window it would be some percent
    assert ours["H"] == pytest.approx(average["H"], abs=0.12)  # the engine averages; coloring changes Y a little
    assert "flicker" in ours


def test_a_result_in_other_units_than_its_source_is_read_in_is_refused(
    pair: tuple[Path, Path], mean_model: Model, tmp_path: Path
) -> None:
    """As of SUV by ``--timezone``, which is not given to ``evaluate``."""
    coconet_med.fuse(*pair, model=mean_model, register="never").save(tmp_path / "fused.nii.gz")
    beside = tmp_path / "fused.json"
    facts = json.loads(beside.read_text(encoding="utf-8"))
    units = facts["sources"]["function"]["units"]
    facts["sources"]["function"]["units"] = "SUVbw"
    beside.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(PairError, match=rf"fused\.nii\.gz: shows SUVbw, but .* read in units {units}; .*--timezone"):
        evaluate_files(*pair, tmp_path / "fused.nii.gz")


def test_a_result_on_another_grid_is_refused(pair: tuple[Path, Path]) -> None:
    with pytest.raises(FusionError, match="anatomical grid"):
        evaluate_files(pair[0], pair[1], pair[1])


def test_a_result_beside_the_side_car_of_another_is_refused(
    pair: tuple[Path, Path], mean_model: Model, tmp_path: Path
) -> None:
    for name, window in (("fused.nii.gz", (0, 40000)), ("fused.nrrd", (0, 90000))):  # one side-car for both
        result = coconet_med.fuse(*pair, model=mean_model, register="never", window=window)
        result.save(tmp_path / name, overwrite=True)
    with pytest.raises(PairError, match=r"fused\.nii\.gz: its voxels are not those that the side-car beside it names"):
        evaluate_files(*pair, tmp_path / "fused.nii.gz")
