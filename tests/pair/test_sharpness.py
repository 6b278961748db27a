"""Uptake is known by its smoothness, on whatever grid."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from coconet_med.pair.sharpness import SWAPPED, blur_ratio
from coconet_med.phantom import head_phantom


@pytest.fixture(scope="module")
def head():
    return head_phantom(spacing=3.0)


def test_uptake_on_the_grid_of_the_mri_is_still_known_by_its_smoothness(head):
    on_grid = sitk.Resample(head.pet, head.t1)
    assert blur_ratio(head.t1, on_grid) < 1 < SWAPPED < blur_ratio(on_grid, head.t1)
