"""A slice of the head as two pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coconet_med.phantom import slice_pair


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_slice_pair_is_two_pictures_of_one_place(plane: Any) -> None:
    mri, pet = slice_pair(96, plane=plane)
    assert mri.shape == pet.shape == (96, 96)
    assert mri.dtype == pet.dtype == np.uint8
    assert mri.max() > 200
    assert 80 < np.percentile(pet, 98) < 255
    tissue, active = mri > 60, pet > 60
    assert (tissue & active).sum() > 0.85 * active.sum()
