"""The recipes of docs/batch.md, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from batch_phantom import bids_dataset, manifest

TESTS = Path(__file__).parents[1]
DOCS = (TESTS.parent / "docs/batch.md").read_text(encoding="utf-8")


def recipe(title: str) -> list[str]:
    """Commands of one recipe; nothing is installed by a test."""
    section = DOCS.split(f"### {title}\n")[1].split("\n## ")[0].split("\n### ")[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("pip ")]


@pytest.fixture
def shell(tmp_path):
    """Runs a command line in a folder of its own, with ``coconet-med`` on the path."""
    tools = tmp_path / "bin"
    tools.mkdir()
    script = f'#!/bin/sh\nexec "{sys.executable}" -m coconet_med "$@"\n'
    (tools / "coconet-med").write_text(script, encoding="utf-8")
    (tools / "coconet-med").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(TESTS.parent),
        "OMP_NUM_THREADS": "1",
        "DASK_CONFIG": str(tmp_path / "dask"),
    }

    def run(line: str) -> str:
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=240
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def test_recipe_bids(shell, tmp_path):
    names = [f"sub-{s}_{kind}.nii.gz" for s in ("01", "02") for kind in ("T1w", "trc-FDG_pet")]
    bids_dataset(tmp_path / "my_study", tuple(names))
    for line in recipe("A BIDS dataset"):
        shell(line)
    out = tmp_path / "my_study/derivatives/coconet_med"
    assert (out / "sub-02/pet/sub-02_trc-FDG_space-T1w_desc-fused_pet.nii.gz").is_file()
    assert (out / "report.html").is_file()


def test_recipe_slurm(shell, tmp_path):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    manifest(tmp_path, 2, size=24)
    sbatch = (
        f'#!/bin/sh\ncp "$1" {tmp_path}/job$$.sh\nsetsid sh {tmp_path}/job$$.sh >> {tmp_path}/log 2>&1 &\necho job $!\n'
    )
    for name, text in (("sbatch", sbatch), ("scancel", '#!/bin/sh\nkill -- "-$1"\n')):
        (tmp_path / "bin" / name).write_text(text, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask/jobqueue.yaml").write_text("jobqueue:\n  slurm:\n    interface: lo\n", encoding="utf-8")
    said = [shell(line) for line in recipe("A CSV on a SLURM cluster")]
    assert "#SBATCH --mem=8G" in said[0]
    assert (tmp_path / "fused/p1_fused.nii.gz").is_file()
    assert (tmp_path / "fused/report.html").is_file()


def test_recipe_dicom(shell, tmp_path, dicom_study):
    dicom_study(tmp_path / "incoming/anna")
    for line in recipe("A folder of DICOM studies, every night") * 2:
        shell(line)
    assert len(list((tmp_path / "fused_dicom/anna_fused").glob("*.dcm"))) == 32
    report = (tmp_path / "fused_dicom/report.html").read_text(encoding="utf-8")
    assert "Phantom^Paul" not in report
    assert "Paul" not in report
    assert ",kept," in (tmp_path / "fused_dicom/summary.csv").read_text(encoding="utf-8")
