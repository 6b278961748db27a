"""Where files go is known and checked before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.errors import WriteError
from coconet_med.writers import check_target, targets


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
