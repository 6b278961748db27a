"""Where files go is known and checked before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.errors import WriteError
from coconet_med.writers import check_target, left_beside, targets


@pytest.mark.parametrize("name", ["fused.bmp", "fused.dcm", "fused.txt"])
def test_a_format_that_is_not_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError, match="is not written"):
        check_target(tmp_path / name)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no such folder"):
        check_target(tmp_path / "none" / "fused.nii.gz")


def test_every_file_of_a_result_is_known_beforehand(tmp_path: Path) -> None:
    files = targets(tmp_path / "a.png", luminance=True, uptake=True)
    assert {key: path.name for key, path in files.items()} == {
        "color": "a.png",
        "sidecar": "a.json",
        "legend": "a_legend.png",
        "luminance": "a_luminance.tiff",
        "uptake": "a_uptake.tiff",
    }


def test_companions_that_a_result_did_not_write_are_of_an_earlier_one(tmp_path: Path) -> None:
    names = ("FUSED_legend.dcm", "FUSED_uptake.nii.gz", "FUSED_registration.dcm", "FUSED.json", "FUSED2_uptake.nii.gz")
    for name in names:
        (tmp_path / name).touch()
    left = left_beside(tmp_path / "FUSED", [tmp_path / "FUSED.json", tmp_path / "FUSED_registration.dcm"])
    assert [file.name for file in left] == ["FUSED_uptake.nii.gz", "FUSED_legend.dcm"]
