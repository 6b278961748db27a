"""Every command that reads a PET by itself takes the zone of its times: what `fuse` advises helps with all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typed import run


@pytest.mark.parametrize("words", [["fuse", "-o", "c.nii"], ["view"], ["evaluate"], ["measure", "--labels", "l.nii"]])
def test_a_zone_is_taken_and_checked_before_anything_is_read(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[2:5, 2:5, 2:5] = 1
    sitk.WriteImage(sitk.GetImageFromArray(labels), "l.nii")
    command, *more = words
    assert run(command, "a.nii", "b.nii", *more, "--timezone", "-0130", "--quiet") == 2
    assert "a.nii: no such file" in capsys.readouterr().err
    assert run(command, "a.nii", "b.nii", *more, "--timezone", "CET", "--quiet") == 2
    assert "--timezone CET: give an offset from UTC" in capsys.readouterr().err
