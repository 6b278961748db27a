"""The side-car lies beside the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.color.readback import read_back
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.result import FusionResult
from coconet_med.writers.sidecar import voxels_sha256


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


def test_the_sidecar_lies_beside_the_result(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "my.fused.nii.gz")
    found = json.loads((tmp_path / "my.fused.json").read_text(encoding="utf-8"))
    assert found.pop("voxels") == {"color": voxels_sha256(result.color)}
    assert found == json.loads(json.dumps(result.sidecar()))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_the_sidecar_names_the_voxels_of_its_files(result: FusionResult, tmp_path: Path, suffix: str) -> None:
    result.save(tmp_path / f"a{suffix}", uptake=True, luminance=True)
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["voxels"]
    written = {"color": f"a{suffix}", "luminance": f"a_luminance{suffix}", "uptake": f"a_uptake{suffix}"}
    assert found == {what: voxels_sha256(sitk.ReadImage(str(tmp_path / name))) for what, name in written.items()}
    result.save(tmp_path / "overview.png")
    assert json.loads((tmp_path / "overview.json").read_text(encoding="utf-8"))["voxels"] == {"color": None}


@pytest.mark.parametrize(("suffix", "exact"), [(".png", True), (".tiff", True), (".jpg", False)])
def test_only_voxels_that_a_file_keeps_are_named(mean_model: Model, tmp_path: Path, suffix: str, exact: bool) -> None:
    coconet_med.fuse(*slice_pair(64), model=mean_model).save(tmp_path / f"flat{suffix}", uptake=True)
    found = json.loads((tmp_path / "flat.json").read_text(encoding="utf-8"))
    image = sitk.ReadImage(str(tmp_path / f"flat{suffix}"))
    assert found["voxels"].get("color") == (voxels_sha256(image) if exact else None)
    assert read_back(tmp_path / f"flat{suffix}").warnings == ()
