"""What a user of DICOM folders can choose or accept is the same for every command that reads a pair."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values
from pydicom import Dataset
from typed import run

#: Options of reading DICOM and NIfTI that `fuse` has, with a value that is not the default.
CHOICES = {
    "--anatomy": "CT",
    "--function": "PT",
    "--anatomy-series": "1.2.3",
    "--function-series": "1.2.3",
    "--allow-gaps": "",
    "--dynamic": "0",
    "--select": "EchoTime=3",
    "--different-patients": "",
    "--affine": "qform",
    "--max-memory": "2",
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """An MR of two echoes, of which two slices are missing, and a PET over it."""

    folder = tmp_path / "study"
    for echo, shift in (("3", 0), ("90", 1000)):

        def edit(ds: Dataset, k: int, echo: str = echo) -> None:
            ds.ImagePositionPatient[2] += 4.0 * (k >= 10)
            ds.EchoTime, ds.SOPInstanceUID = echo, f"{ds.SOPInstanceUID[:40]}.{echo}"

        classic(folder / echo, values=stored_values(20, 24, 24, seed=shift) + shift, edit=edit)
    classic(folder / "PT", "PT", series="PET", values=stored_values(24, 24, 24, seed=5))
    return folder


def grid(size: tuple[int, int, int]) -> sitk.Image:
    """A label map over the study."""
    values = np.zeros(size[::-1], np.uint8)
    values[4:-4, 4:-4, 4:-4] = 1
    image = sitk.GetImageFromArray(values)
    image.SetOrigin((-8.0, -9.5, 20.25))
    image.SetSpacing((1.25, 1.5, 2.0))
    return image


@pytest.mark.parametrize("command", ["view", "measure"])
def test_a_study_is_chosen_from_and_accepted_as_in_fuse(
    command: str, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sitk.WriteImage(grid((24, 24, 24)), tmp_path / "labels.nii.gz")
    out = tmp_path / "out"
    words = {
        "view": ["view", study, "--save", out, "--engine", "onnx"],
        "measure": ["measure", study, "--labels", tmp_path / "labels.nii.gz", "--json", out],
    }[command]
    words += ["--quiet", "--register", "never"]
    assert run(*words) == 2
    assert "choose one, for example with --select 'EchoTime=3'" in capsys.readouterr().err
    assert run(*words, "--select", "EchoTime=3") == 2
    assert "slice(s) missing" in capsys.readouterr().err
    assert run(*words, "--select", "EchoTime=3", "--allow-gaps") == 0, capsys.readouterr().err
    text = out.read_text(encoding="utf-8")
    assert "resampled onto a regular grid, as asked (--allow-gaps)" in text
    if command == "measure":
        assert json.loads(text)["units"] == "SUVbw"


@pytest.mark.parametrize("command", ["view", "measure"])
def test_a_fused_image_takes_none_of_these(
    command: str, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sitk.WriteImage(grid((24, 24, 24)), tmp_path / "labels.nii.gz")
    more = ["--labels", tmp_path / "labels.nii.gz"] if command == "measure" else ["--no-browser"]
    for option, value in CHOICES.items():
        assert run(command, pair[0], *more, option, *([value] if value else []), "--quiet") == 2
        assert capsys.readouterr().err.startswith(f"error: {option}: "), option
