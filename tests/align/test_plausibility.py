"""The figures that decide about an alignment have the values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align.plausibility import Plausibility, foreground, foreground_center


def block(first: int, last: int) -> sitk.Image:
    """40 mm cube at 1 mm with a bright block from index first to last (exclusive) on each axis."""
    values = np.zeros((40, 40, 40), np.float32)
    values[first:last, first:last, first:last] = 10.0
    return sitk.GetImageFromArray(values)


def test_the_body_is_found_beside_a_spot_a_thousand_times_hotter():
    values = sitk.GetArrayFromImage(block(10, 30))
    values[20:22, 20:22, 20:22] = 10_000.0
    mask = sitk.GetArrayFromImage(foreground(sitk.GetImageFromArray(np.minimum(values, 100.0))))
    np.testing.assert_array_equal(mask, values > 0)


@pytest.mark.parametrize("wild", [1e4, 1e12, 3e38])
def test_the_body_is_found_beside_a_corrupt_voxel(wild):
    """One such voxel was taken for the whole body, and the header called wrong."""
    values = sitk.GetArrayFromImage(block(10, 30))
    values[3, 3, 3] = wild
    mask = sitk.GetArrayFromImage(foreground(sitk.GetImageFromArray(values)))
    np.testing.assert_array_equal(mask, values > 0)


def test_a_constant_image_has_no_body():
    assert foreground_center(foreground(sitk.Image((5, 5, 5), sitk.sitkFloat32) + 3.0)) is None


def test_problems_are_put_into_words():
    assert Plausibility(1.0, 0.8, 5.0, 1.0).problems == ()
    assert "misses the anatomy" in Plausibility(0.0, 0.0, math.inf, 0.0).problems[0]
    assert [
        word
        for problem in Plausibility(0.1, 0.2, 70.0, 0.1).problems
        for word in ("10%", "20%", "70 mm")
        if word in problem
    ]
