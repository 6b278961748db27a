"""FLIRT matrices count in scaled voxels of their two images."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from transform_cases import FLIP, close, flirt, sources

from coconet_med.errors import OptionError
from coconet_med.source import Source
from coconet_med.transform_files import read_transform
from coconet_med.writers.volumes import write_volume


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
