"""The demo is the main job: its files open, and its picture shows what was fused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from coconet_med.commands.main import main
from coconet_med.commands.run_demo import FILES


def test_the_demo_writes_inputs_result_sidecar_and_picture(tmp_path: Path) -> None:
    folder = tmp_path / "coconet-demo"
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--folder", str(folder), "--spacing", "4", "--engine", "onnx", "--quiet"])
    assert not stop.value.code
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    t1, fused = (sitk.ReadImage(str(folder / name)) for name in ("T1.nii.gz", "fused.nii.gz"))
    assert fused.GetSize() == t1.GetSize()
    with Image.open(folder / "picture.png") as picture:
        pixels = np.asarray(picture).astype(int)
    # Gray panels at the left, color in the last third.
    third = pixels.shape[1] // 3
    assert np.ptp(pixels[:, : third // 2], axis=-1).max() == 0
    assert np.ptp(pixels[:, 2 * third :], axis=-1).max() > 80
