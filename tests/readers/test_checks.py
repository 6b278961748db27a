"""What every reader asks of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError
from coconet_med.readers import read
from coconet_med.source import Role

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


FILL = ("number", "role"), [(number, role) for number in (-1, -1024, -32768) for role in ("anatomy", "function")]


@pytest.mark.parametrize(*FILL)
def test_a_number_that_programs_fill_with_is_background(tmp_path: Path, number: float, role: Role) -> None:
    values = RNG.uniform(5, 900, (8, 20, 20)).astype(np.float32)
    values[:2] = number
    source = read(_nifti(tmp_path, values), role)
    assert f"800 voxels (25 %) are {number}, and no other value is negative" in source.warnings[0]
    found = sitk.GetArrayFromImage(source.image)
    assert (found[:2] == 0).all()
    assert np.array_equal(found[2:], values[2:])


def test_a_fill_far_below_noise_about_zero_is_background(tmp_path: Path) -> None:
    values = RNG.normal(0, 3, (8, 20, 20)).astype(np.float32)
    values[:2] = -32768
    for role, background in (("function", 0.0), ("anatomy", float(values[2:].min()))):
        source = read(_nifti(tmp_path, values), role)  # type: ignore[arg-type]
        assert "-32768, and it lies far below all others" in source.warnings[0]
        assert (sitk.GetArrayFromImage(source.image)[:2] == background).all()


@pytest.mark.parametrize("kind", ["air of a CT", "a signed map", "one voxel", "labels"])
def test_negative_values_that_mean_something_stay(tmp_path: Path, kind: str) -> None:
    values = RNG.normal(40, 30, (8, 20, 20)).astype(np.float32)
    if kind == "air of a CT":
        values[:4] = -1000
    elif kind == "one voxel":
        values = np.abs(values)
        values[0, 0, 0] = -20
    elif kind == "labels":
        values = RNG.integers(-1, 6, values.shape).astype(np.float32)
    found = sitk.GetArrayFromImage(read(_nifti(tmp_path, values), "function").image)
    assert np.array_equal(found, values)


def _nifti(folder: Path, values: np.ndarray) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(values), str(folder / "image.nii"))
    return folder / "image.nii"
