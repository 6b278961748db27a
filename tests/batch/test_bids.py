"""The whole way of a BIDS dataset, as a BIDS App, judged by the validator of BIDS."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from batch_phantom import bids_dataset, run_command

NAMES = (
    "sub-01_ses-a_T1w.nii.gz",
    "sub-01_ses-a_trc-FDG_pet.nii.gz",
    "sub-01_ses-a_trc-PIB_pet.nii.gz",
    "sub-02_ses-a_T1w.nii.gz",
    "sub-02_ses-a_trc-FDG_pet.nii.gz",
)


def validator() -> str:
    found = shutil.which("bids-validator-deno") or shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if not found:
        pytest.skip("bids-validator-deno is not installed: pip install bids-validator-deno")
    return found


def test_the_bids_app_makes_derivatives_that_the_validator_accepts(tmp_path, tiny_model):
    tool = validator()
    root = bids_dataset(tmp_path / "ds", NAMES)
    out = root / "derivatives/coconet_med"
    common = ("--model", tiny_model, "--register", "never", "--luminance", "--uptake", "--quiet")
    assert run_command(root, out, "participant", "--participant_label", "01", *common) == (0, "", "")
    assert not (out / "sub-02").exists()
    assert run_command(root, out, "participant", "--participant-label", "sub-02", "--session-label=a", *common)[0] == 0
    assert run_command(root, out, "group")[0] == 0
    assert "sub-02_ses-a_trc-FDG" in (out / "report.html").read_text(encoding="utf-8")
    description = json.loads((out / "dataset_description.json").read_text(encoding="utf-8"))
    assert description["DatasetType"] == "derivative"
    assert description["DatasetLinks"] == {"raw": "../.."}
    reported = subprocess.run([tool, str(out), "--format", "json"], capture_output=True, encoding="utf-8", timeout=120)
    issues = json.loads(reported.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert (out / "sub-01/ses-a/pet/sub-01_ses-a_trc-PIB_space-T1w_desc-luminance_pet.nii.gz").is_file()
