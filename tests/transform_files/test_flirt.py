"""FLIRT matrices count in scaled voxels of their two images."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from transform_cases import FLIP, close, sources

from coconet_med.errors import OptionError
from coconet_med.source import Source
from coconet_med.transform_files import read_transform
from coconet_med.writers.volumes import write_volume


def flirt(matrix: np.ndarray, start: Path, end: Path, path: Path) -> Path:
    """The FLIRT matrix of RAS ``matrix`` from one NIfTI file to another, found from eight corners point by point."""

    def scaled(file: Path, voxel: np.ndarray) -> np.ndarray:
        image = nib.load(file)
        i, j, k = voxel
        if np.linalg.det(image.affine[:3, :3]) > 0:  # neurological storage: FSL turns the first axis round
            i = image.shape[0] - 1 - i
        return np.array([i, j, k]) * image.header.get_zooms()[:3]

    first, second = nib.load(start).affine, nib.load(end).affine
    voxels = np.array([[n & 1, n >> 1 & 1, n >> 2 & 1] for n in range(8)]) * 30.0
    there = [(np.linalg.inv(second) @ matrix @ first @ [*v, 1.0])[:3] for v in voxels]
    left = np.array([[*scaled(start, v), 1.0] for v in voxels])
    right = np.array([[*scaled(end, v), 1.0] for v in there])
    found = np.linalg.lstsq(left, right, rcond=None)[0].T
    path.write_text("\n".join("  ".join(f"{v:.12f}" for v in row) + "  " for row in found) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("turned", [False, True])
def test_a_flirt_matrix_counts_in_the_scaled_voxels_of_its_images(moved, move, tmp_path, turned):
    """Also where the first axis of an image runs the other way (FSL turns it round by the sign of the determinant)."""
    t1, pet = moved
    if turned:
        image = sitk.ReadImage(str(pet))
        pet = tmp_path / "PET.nii.gz"
        write_volume(sitk.Flip(image, (True, False, False)), pet)
    ras = FLIP @ move @ FLIP
    path = flirt(np.linalg.inv(ras), pet, t1, tmp_path / "pet2t1.mat")
    pair = sources((t1, pet))
    close(read_transform(path, *pair).matrix, move)
    close(read_transform(path, *pair, images=(pet, t1)).matrix, move)
    back = flirt(ras, t1, pet, tmp_path / "t12pet.mat")
    close(read_transform(back, *pair, images=(t1, pet)).matrix, move)
    close(read_transform(back, *pair, reverse=True).matrix, move)


def test_a_flirt_matrix_without_its_images_is_refused(head, move, tmp_path):
    path = tmp_path / "x.mat"
    path.write_text("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", encoding="utf-8")
    with pytest.raises(OptionError, match="--transform-images IN"):
        read_transform(path, Source(head.t1, "t1"), Source(head.pet, "pet"))
