"""Uptake read back from the colors of a fused file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.color.readback import read_back
from coconet_med.commands.main import main
from coconet_med.errors import ReadError
from coconet_med.model import Model
from coconet_med.phantom import slice_pair


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_uptake_is_read_from_colors_within_the_error_that_is_reported(
    pair, mean_model: Model, tmp_path: Path, suffix
) -> None:
    result = coconet_med.fuse(*pair, register="never", model=mean_model)
    result.save(tmp_path / f"fused{suffix}", uptake=True)
    found = read_back(tmp_path / f"fused{suffix}")
    truth = np.clip(sitk.GetArrayFromImage(result.uptake), result.window.low, result.window.high)
    seen = sitk.GetArrayFromImage(result.color).max(axis=-1) > 0
    off = np.abs(sitk.GetArrayFromImage(found.uptake) - truth)[seen]
    assert off.max() <= found.error_max * 1.001
    assert off.mean() <= found.error_mean
    assert found.error_mean < 0.02 * (result.window.high - result.window.low)
    assert found.foreign == 0
    (tmp_path / "fused.json").rename(tmp_path / "elsewhere.json")
    with pytest.raises(ReadError, match="--colormap NAME and --window"):
        read_back(tmp_path / f"fused{suffix}")
    again = read_back(tmp_path / f"fused{suffix}", colormap="uptake", window=(result.window.low, result.window.high))
    assert np.array_equal(sitk.GetArrayFromImage(again.uptake), sitk.GetArrayFromImage(found.uptake))


def test_a_picture_is_read_and_an_overview_refused(pair, mean_model: Model, tmp_path: Path) -> None:
    coconet_med.fuse(*slice_pair(64), model=mean_model).save(tmp_path / "flat.png")
    main_ends(["read", str(tmp_path / "flat.png"), "-o", str(tmp_path / "uptake.tiff")])
    assert sitk.ReadImage(str(tmp_path / "uptake.tiff")).GetSize() == (64, 64)
    coconet_med.fuse(*pair, register="never", model=mean_model).save(tmp_path / "all.png")
    with pytest.raises(ReadError, match="overview of a volume"):
        read_back(tmp_path / "all.png")


def test_a_side_car_of_another_result_is_told(pair, mean_model: Model, tmp_path: Path, capsys) -> None:
    """Two results whose names differ in their suffix alone have one side-car, that of the later one."""
    coconet_med.fuse(*pair, register="never", model=mean_model, window=(0, 6)).save(tmp_path / "a.nii.gz")
    assert read_back(tmp_path / "a.nii.gz").warnings == ()
    later = coconet_med.fuse(*pair, register="never", model=mean_model, window=(0, 18))
    later.save(tmp_path / "a.nrrd", overwrite=True)
    assert read_back(tmp_path / "a.nrrd").warnings == ()
    main_ends(["read", str(tmp_path / "a.nii.gz"), "-o", str(tmp_path / "uptake.nii.gz")])
    assert "a.nii.gz: its voxels are not those that the side-car beside it names" in capsys.readouterr().err
    assert read_back(tmp_path / "a.nii.gz", colormap="uptake", window=(0, 6)).warnings == ()


@pytest.mark.parametrize(("first", "second"), [("a.png", "a.jpg"), ("a.jpg", "a.png")])
def test_a_side_car_of_another_picture_is_told(mean_model: Model, tmp_path: Path, first: str, second: str) -> None:
    result = coconet_med.fuse(*slice_pair(64), model=mean_model)
    result.save(tmp_path / first)
    result.save(tmp_path / second, overwrite=True)
    assert read_back(tmp_path / second).warnings == ()
    assert read_back(tmp_path / first).warnings


def main_ends(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
