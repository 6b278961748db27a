"""``coconet-med evaluate``: the figures of a result beside the baselines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coconet_med
from coconet_med.commands.main import main
from coconet_med.errors import FusionError
from coconet_med.model import Model
from coconet_med.phantom import slice_pair
from coconet_med.quality.evaluate import evaluate_files, evaluate_folder


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """A folder laid out like the developers' data, with two generated pairs of two persons."""
    from coconet_med.color.colormaps import get_colormap

    table = get_colormap("rainbow").palette()[::4]
    table[0] = 0
    assert len(np.unique(table, axis=0)) == len(table)
    (tmp_path / "val" / "mri-pet").mkdir(parents=True)
    with (tmp_path / "colour_tables.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "index", "r", "g", "b"])
        writer.writerows(["t", n, *color] for n, color in enumerate(table.tolist()))
    for person in (1, 2):
        mri, pet = slice_pair(64, seed=person)
        index = np.minimum(pet // 4, len(table) - 1)
        Image.fromarray(mri).save(tmp_path / "val" / "mri-pet" / f"{person}_001_mri.png")
        Image.fromarray(table[index].astype(np.uint8)).save(tmp_path / "val" / "mri-pet" / f"{person}_001_pet.png")
    return tmp_path


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
    assert ours["rho_uptake"] > 0.99
    assert ours["H"] == pytest.approx(average["H"], abs=0.12)  # the engine averages; coloring changes Y a little
    assert "flicker" in ours


def test_a_result_on_another_grid_is_refused(pair: tuple[Path, Path]) -> None:
    with pytest.raises(FusionError, match="anatomical grid"):
        evaluate_files(pair[0], pair[1], pair[1])


def test_the_command_prints_a_table_and_writes_csv_and_json(
    atlas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(atlas), "--set", "mri-pet", "--engine", "onnx", "--no-baselines", "--quiet"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--csv", str(tmp_path / "t.csv"), "--json", str(tmp_path / "t.json")])
    assert not stop.value.code
    assert "mri-pet" in capsys.readouterr().out
    assert len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert len(json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["rows"]) == 2
