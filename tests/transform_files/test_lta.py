"""FreeSurfer's linear transform arrays tell their direction by their grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from transform_cases import FLIP, close, sources

from coconet_med.errors import GeometryError
from coconet_med.geometry import affine_of
from coconet_med.transform_files import read_transform


def lta(matrix: np.ndarray, src: sitk.Image, dst: sitk.Image, path: Path, *, voxels: bool = False) -> Path:
    """As FreeSurfer writes it: ``matrix`` from src to dst, RAS mm, or voxels to voxels."""
    if voxels:
        matrix = np.linalg.inv(affine_of(dst)) @ matrix @ affine_of(src)
    lines = [
        f"type      = {0 if voxels else 1}",
        "nxforms   = 1",
        "mean      = 0.0 0.0 0.0",
        "sigma     = 1.0",
        "1 4 4",
    ]
    lines += [" ".join(f"{v:.15e}" for v in row) for row in matrix]
    for name, image in (("src", src), ("dst", dst)):
        affine, size = affine_of(image), np.array(image.GetSize())
        lines += [f"{name} volume info", "valid = 1  # volume info valid", f"filename = {name}.mgz"]
        lines += [f"volume = {' '.join(map(str, size))}", f"voxelsize = {' '.join(map(repr, image.GetSpacing()))}"]
        axes = affine[:3, :3] / image.GetSpacing()
        lines += [f"{x}ras   = {' '.join(repr(float(v)) for v in axes[:, n])}" for n, x in enumerate("xyz")]
        lines += [f"cras   = {' '.join(repr(float(v)) for v in affine[:3, :3] @ (size / 2) + affine[:3, 3])}"]
    path.write_text("# transform file\n" + "\n".join(lines) + "\nsubject fred\nfscale 0.15\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("voxels", [False, True])
@pytest.mark.parametrize("from_pet", [True, False])
def test_an_lta_tells_its_direction_by_its_grids(moved, move, tmp_path, voxels, from_pet):
    pair = sources(moved)
    t1, pet = (source.image for source in pair)
    ras = FLIP @ move @ FLIP
    path = tmp_path / "reg.lta"
    lta(np.linalg.inv(ras), pet, t1, path, voxels=voxels) if from_pet else lta(ras, t1, pet, path, voxels=voxels)
    close(read_transform(path, *pair).matrix, move)


def test_an_lta_of_other_images_is_refused(moved, move, head, tmp_path):
    other = sitk.Image(64, 64, 64, sitk.sitkFloat32)
    with pytest.raises(GeometryError, match="other images"):
        read_transform(lta(move, other, other, tmp_path / "x.lta"), *sources(moved))
