"""``coconet-med batch`` as users type it: what it refuses and says before any case."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from batch_phantom import bids_dataset, manifest, run_command


def test_a_dry_run_refuses_the_weights_that_the_run_would_refuse(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    code, out, error = run_command(root, tmp_path / "out", "participant", "--model", "full", "--dry-run")
    assert (code, out) == (2, "")
    assert "error: model 'full': is not released any more" in error


def test_a_dry_run_refuses_the_places_that_the_run_would_refuse(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    for place, reason in ((root, "is the source dataset"), (root / "sub-01", "lies among the files of a participant")):
        code, _, error = run_command(root, place, "participant", "--dry-run")
        assert (code, reason in error) == (2, True), error


def test_the_command_says_which_columns_it_does_not_know(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,window\nA,m.csv,m.csv,0-6\n", encoding="utf-8")
    _, said, err = run_command("batch", tmp_path / "m.csv", tmp_path / "out", "--dry-run")
    assert err.startswith("m.csv: the column window is not known and had no effect;")
    assert "the column window is not known" in said


def tree(folder: Path) -> list[str]:
    """Everything below a folder but the records."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if ".coconet" not in path.parts)


def test_a_relative_output_folder_holds_no_second_one(tmp_path, tiny_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = manifest(tmp_path, 1)
    code, _, err = run_command("batch", table.name, "out", "--model", tiny_model, "--register", "never")
    assert code == 0, err
    images = ["p0_fused.json", "p0_fused.nii.gz", "p0_fused_legend.png"]
    assert tree(tmp_path / "out") == [*images, "report.html", "summary.csv"]


def test_a_dry_run_says_what_is_missing_and_ends_with_1(tmp_path):
    table = manifest(tmp_path, 2, size=4)
    (tmp_path / "images/p1_pet.nii.gz").unlink()
    code, said, err = run_command("batch", table, tmp_path / "out", "--dry-run")
    assert code == 1
    assert f"p1: cannot be done: {tmp_path / 'images/p1_pet.nii.gz'}: no such file" in said
    assert err == "1 of 2 cases cannot be done\n"


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are made with unshare")
def test_a_disk_that_is_read_only_gives_one_line(tmp_path, tiny_model):
    table = manifest(tmp_path, 1)
    out = tmp_path / "out"
    out.mkdir()
    words = [sys.executable, "-m", "coconet_med", "batch", table, out, "--model", tiny_model]
    line = f'mount -t tmpfs -o ro none "{out}" && exec "$@"'
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", line, "sh", *map(str, words)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if done.returncode != 2:
        pytest.skip(f"no mounts here: {done.stderr}")
    assert done.stderr == f"error: {out}: cannot be used as output folder (Read-only file system); choose another one\n"
