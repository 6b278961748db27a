"""``coconet-med measure``: a table with names, of a pair, a fused file, or the uptake beside it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.commands.main import main
from coconet_med.errors import FusionError, ReadError
from coconet_med.measure import read_labels


def test_the_command_writes_a_table_with_names_and_suvr(pair, labels: Path, tmp_path: Path, capsys) -> None:
    table, facts, ratio = tmp_path / "t.csv", tmp_path / "t.json", tmp_path / "suvr.nii.gz"
    main_ends(
        [
            "measure",
            *map(str, pair),
            "--labels",
            str(labels),
            "--register",
            "never",
            "--quiet",
            "--csv",
            str(table),
            "--json",
            str(facts),
            "--reference",
            "Left-Cerebellum-Cortex",
            "--suvr-map",
            str(ratio),
        ]
    )
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["name"] for row in rows] == [
        "Left-Cerebellum-Cortex",
        "Left-Hippocampus",
        "Right-Hippocampus",
        "ctx-lh-cuneus",
    ]
    assert float(rows[0]["suvr"]) == pytest.approx(1, abs=1e-6)
    known = json.loads(facts.read_text(encoding="utf-8"))
    assert known["reference"]["mean"] == pytest.approx(float(rows[0]["uptake_mean"]), rel=1e-6)
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(ratio)))
    mask = read_labels(labels).mask(17)
    assert values[mask].mean() == pytest.approx(float(rows[1]["suvr"]), rel=1e-5)
    assert "Left-Hippocampus" in capsys.readouterr().out


def test_a_fused_volume_is_measured_by_its_colors_or_by_the_uptake_beside_it(
    pair, labels, mean_model, tmp_path
) -> None:
    result = coconet_med.fuse(*pair, register="never", model=mean_model)
    result.save(tmp_path / "fused.nii.gz")
    means = []
    for extra in ({}, {"uptake": True, "overwrite": True}):
        result.save(tmp_path / "fused.nii.gz", **extra) if extra else None
        main_ends(
            [
                "measure",
                str(tmp_path / "fused.nii.gz"),
                "--labels",
                str(labels),
                "--json",
                str(tmp_path / "t.json"),
                "--overwrite",
            ]
        )
        reported = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
        means.append(np.array([row["uptake_mean"] for row in reported["regions"]]))
        assert reported["regions"][0]["anatomy_mean"] is None
    assert reported["read_from"] == "fused_uptake.nii.gz"
    np.testing.assert_allclose(means[0], means[1], atol=0.03 * (result.window.high - result.window.low))


def test_the_uptake_of_an_earlier_result_is_left_aside(pair, labels, mean_model, tmp_path) -> None:
    """Written without --uptake over a result that had it: the file of the other PET is still there."""
    other = sitk.ReadImage(str(pair[1])) * 3
    fused = tmp_path / "fused.nii.gz"
    coconet_med.fuse(pair[0], other, register="never", model=mean_model).save(fused, uptake=True)
    result = coconet_med.fuse(*pair, register="never", model=mean_model)
    result.save(fused, overwrite=True)
    table = tmp_path / "t.json"
    main_ends(["measure", str(fused), "--labels", str(labels), "--json", str(table)])
    reported = json.loads(table.read_text(encoding="utf-8"))
    assert reported["read_from"] == "the colors of fused.nii.gz"
    assert "fused_uptake.nii.gz is not of this result" in reported["warnings"][0]
    assert max(row["uptake_mean"] for row in reported["regions"]) <= result.window.high


def test_too_many_images_are_refused(pair, labels) -> None:
    with pytest.raises(SystemExit) as end:
        main(["measure", *map(str, pair), str(pair[0]), "--labels", str(labels)])
    assert end.value.code == 2
    assert issubclass(ReadError, FusionError)


def main_ends(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
