"""Grids are checked, fields of view reach half a voxel out, and resampling respects resolution."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align.grid import (
    check_grid,
    coarsen,
    field_center,
    field_of_view,
    match_resolution,
    resample,
    sampling_step,
)
from coconet_med.errors import GeometryError

IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


def image(size=(8, 8, 8), spacing=(1.0, 1.0, 1.0), value: float = 0.0) -> sitk.Image:
    result = sitk.Image(size, sitk.sitkFloat32) + value
    result.SetSpacing(spacing)
    return result


def test_a_sheared_direction_is_refused():
    sheared = image()
    sheared.SetDirection((1, 0.24, 0, 0, 1, 0, 0, 0, 1))
    with pytest.raises(GeometryError, match=r"tilted.nii: the affine is sheared"):
        check_grid(sheared, "tilted.nii")


def test_a_nearly_singular_direction_is_refused():
    flat = image()
    flat.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1e-9))
    with pytest.raises(GeometryError, match="singular"):
        check_grid(flat, "flat.nii")


def test_origins_that_are_not_finite_are_refused():
    lost = image()
    lost.SetOrigin((0.0, float("nan"), 0.0))
    with pytest.raises(GeometryError, match="origin"):
        check_grid(lost, "lost.nii")


def test_dimensions_and_components_are_checked():
    with pytest.raises(GeometryError, match="4 dimensions"):
        check_grid(sitk.Image((2, 2, 2, 2), sitk.sitkFloat32), "dynamic.nii")
    with pytest.raises(GeometryError, match="3 values per voxel"):
        check_grid(sitk.Image((2, 2, 2), sitk.sitkVectorUInt8, 3), "color.nii")


def test_rounding_left_handed_and_oblique_directions_pass():
    left_handed = image()
    left_handed.SetDirection((-1, 0, 0, 0, 0.99999, 0.00447, 0, -0.00447, 0.99999))
    check_grid(left_handed, "left.nii")


def test_the_field_of_view_reaches_half_a_voxel_beyond_the_outer_centers():
    function = image((3, 1, 1), (4.0, 4.0, 4.0), value=5.0)
    reference = image((200, 1, 1), (0.1, 0.1, 0.1))
    reference.SetOrigin((-4.95, 0.0, 0.0))
    x = -4.95 + 0.1 * np.arange(200)
    inside = sitk.GetArrayFromImage(field_of_view(function, reference, IDENTITY))[0, 0] > 0
    np.testing.assert_array_equal(inside, (x > -2) & (x < 10))
    values = sitk.GetArrayFromImage(resample(function, reference, IDENTITY, background=-1.0))[0, 0]
    np.testing.assert_array_equal(values, np.where(inside, 5.0, -1.0))


def test_an_isotropic_grid_steps_equally_however_it_is_turned():
    reference = image(spacing=(2.0, 2.0, 2.0))
    turned = sitk.Euler3DTransform()
    turned.SetRotation(0.3, 0.5, -0.7)
    np.testing.assert_allclose(sampling_step(image(), reference, turned), 2.0)
    slabs = image(spacing=(1.0, 1.0, 5.0))
    np.testing.assert_allclose(sampling_step(image(), slabs, IDENTITY), [1.0, 1.0, 5.0])


def test_nothing_is_smoothed_where_nothing_is_coarser():
    function = image(spacing=(2.0, 2.0, 2.0))
    assert match_resolution(function, np.array([2.0, 1.0, 2.01])) is function


def test_a_fine_pattern_becomes_its_mean_on_a_coarse_grid():
    k, j, i = np.indices((40, 40, 40))
    stripes = sitk.GetImageFromArray(((i + j + k) % 2).astype(np.float32))  # 1 mm checkerboard
    reference = image((8, 8, 8), (4.0, 4.0, 4.0))
    reference.SetOrigin((5.0, 5.0, 5.0))
    values = sitk.GetArrayFromImage(resample(stripes, reference, IDENTITY))
    np.testing.assert_allclose(values, 0.5, atol=0.02)


def test_smoothing_takes_the_point_spread_of_a_voxel_to_that_of_the_step():
    point = np.zeros((1, 1, 101), np.float32)
    point[0, 0, 50] = 1.0
    smooth = sitk.GetArrayFromImage(match_resolution(sitk.GetImageFromArray(point), np.array([9.0, 1.0, 1.0])))[0, 0]
    place = np.arange(101)
    assert smooth.sum() == pytest.approx(1.0, abs=1e-3)
    # sigma^2 = (9^2 - 1^2) / (8 ln 2) = 14.427
    assert (smooth * (place - 50) ** 2).sum() / smooth.sum() == pytest.approx(14.427, rel=0.05)


def test_coarsening_keeps_the_field_of_view():
    fine = image((50, 61, 7), (1.0, 1.0, 6.0))
    fine.SetOrigin((-7.0, 3.0, 11.0))
    coarse = coarsen(fine, 2.0)
    assert coarse.GetSize() == (25, 30, 7)
    np.testing.assert_allclose(field_center(coarse), field_center(fine), atol=1e-9)
    np.testing.assert_allclose(np.multiply(coarse.GetSize(), coarse.GetSpacing()), (50.0, 61.0, 42.0))
    assert coarsen(coarse, 2.0) is coarse


@pytest.mark.parametrize("spacing", [(0.75, 0.875, 1.28), (0.9, 4.0, 2.5), (2.0, 0.5, 9.0)])
def test_coarsening_is_resampling_on_the_coarser_grid(spacing):
    fine = sitk.GetImageFromArray(np.random.default_rng(0).random((41, 30, 52), dtype=np.float32))
    fine.SetSpacing(spacing)
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.2, 0.3, -0.4)
    fine.SetDirection(turn.GetMatrix())
    fine.SetOrigin((-7.0, 3.0, 11.0))
    coarse = coarsen(fine, 3.0)
    expected = sitk.GetArrayFromImage(resample(fine, coarse, IDENTITY))
    np.testing.assert_allclose(sitk.GetArrayFromImage(coarse), expected, atol=2e-6)


def test_coarsening_cuts_values_at_the_limits_and_takes_none_for_the_lower_one():
    values = np.random.default_rng(0).random((20, 20, 20), dtype=np.float32)
    values[3, 4, 5], values[6, 7, 8], values[9, 9, 9] = np.nan, np.inf, -np.inf
    clean = np.clip(np.nan_to_num(values, nan=0.2, posinf=0.7, neginf=0.2), 0.2, 0.7)
    for spacing_mm in (1.0, 2.0):
        found, expected = (
            sitk.GetArrayFromImage(coarsen(sitk.GetImageFromArray(given), spacing_mm, limits=(0.2, 0.7)))
            for given in (values, clean)
        )
        assert np.array_equal(found, expected)
        assert found.min() >= np.float32(0.2)
        assert found.max() <= np.float32(0.7) * (1 + 1e-5)
