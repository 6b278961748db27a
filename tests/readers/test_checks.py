"""What every reader asks of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError
from coconet_med.readers import read

RNG = np.random.default_rng(5)


def array(shape=(5, 6, 7), kind=np.float32) -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(kind)


def _with_unit(path: Path, line: bytes) -> Path:
    key = b"kinds:" if path.suffix == ".nrrd" else b"ElementSpacing"
    path.write_bytes(path.read_bytes().replace(key, line + b"\n" + key, 1))
    return path


def test_a_head_of_four_meters_is_refused_in_every_format(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(array())
    image.SetSpacing((600, 600, 600))
    for suffix in (".nrrd", ".mha"):
        sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
        with pytest.raises(GeometryError, match="no body is: its header names no unit of length"):
            read(tmp_path / f"a{suffix}", "anatomy")
    image.SetSpacing((0.03, 0.03, 0.03))
    sitk.WriteImage(image, str(tmp_path / "b.nrrd"))
    with pytest.raises(GeometryError, match="no body is: its header gives lengths in mm"):
        read(_with_unit(tmp_path / "b.nrrd", b'space units: "mm" "mm" "mm"'), "anatomy")
