"""Further volumes of a result come on request."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.result import FusionResult


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


def test_luminance_and_uptake_come_on_request(result: FusionResult, tmp_path: Path) -> None:
    written = result.save(tmp_path / "fused.nii.gz", luminance=True, uptake=True)
    names = sorted(path.name for path in written)
    assert names == ["fused.json", "fused.nii.gz", "fused_legend.png", "fused_luminance.nii.gz", "fused_uptake.nii.gz"]
    uptake = sitk.ReadImage(str(tmp_path / "fused_uptake.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(uptake), sitk.GetArrayFromImage(result.uptake))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
