"""A pair is checked as soon as both images are read."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.pair import check_pair
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source


def source(values: np.ndarray, **facts: object) -> Source:
    return Source(sitk.GetImageFromArray(values.astype(np.float32)), "pet.nii", **facts)


@pytest.fixture
def pet(head: HeadPhantom) -> np.ndarray:
    return sitk.GetArrayFromImage(head.pet)


def test_a_constant_image_is_refused_as_either_of_the_two(head: HeadPhantom, pet: np.ndarray):
    constant, right = source(np.full(pet.shape, 7.0)), Source(head.t1, "t1.nii")
    for pair in ((right, constant), (constant, right)):
        with pytest.raises(ReadError, match=r"pet\.nii: every voxel is 7, so it shows nothing"):
            check_pair(*pair)
    almost = np.full(pet.shape, 7.0)
    almost[1, 2, 3] = 8.0
    check_pair(right, source(almost))
