"""Importing the package costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, coconet_med, coconet_med.commands.main; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()
    heavy = {"torch", "monai", "onnxruntime", "SimpleITK", "scipy", "pydicom", "highdicom", "numpy", "nibabel"}
    assert heavy.isdisjoint(loaded)


def test_fusing_a_nifti_pair_loads_neither_torch_nor_monai(pair: tuple[Path, Path], tmp_path: Path) -> None:
    code = (
        "import sys, coconet_med; "
        f"coconet_med.fuse({str(pair[0])!r}, {str(pair[1])!r}, engine='onnx').save({str(tmp_path / 'f.nii.gz')!r}); "
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()
    assert {"torch", "monai"}.isdisjoint(loaded)
