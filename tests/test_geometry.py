"""Affines and their two conventions, grids and transforms: each there and back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError
from coconet_med.geometry import (
    affine_of,
    direction_matrix,
    geometry_from_affine,
    in_other_world,
    linear,
    matrix_of,
    nearest_rotation,
    same_grid,
    set_geometry,
    shear_of,
    split_affine,
    voxel_size,
)

TURN = sitk.Euler3DTransform((0, 0, 0), 0.2, -0.3, 0.5)
AXES = np.reshape(TURN.GetMatrix(), (3, 3)) @ np.diag([1.0, -1.0, 1.0])  # left-handed, as many NIfTI files are


@pytest.fixture
def image() -> sitk.Image:
    made = sitk.Image(5, 6, 7, sitk.sitkUInt8)
    set_geometry(made, (1.5, 2.0, 3.25), (-4.0, 5.0, 60.0), AXES)
    return made


def test_an_affine_takes_voxels_where_simpleitk_does_with_x_and_y_reversed(image: sitk.Image) -> None:
    there = np.array(image.TransformIndexToPhysicalPoint((1, 2, 3)))
    np.testing.assert_allclose((affine_of(image) @ [1, 2, 3, 1])[:3], there * (-1, -1, 1))


@pytest.mark.parametrize("parts", [split_affine, lambda affine: geometry_from_affine(affine, "x")])
def test_an_image_comes_back_from_its_affine(image: sitk.Image, parts) -> None:
    again = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    set_geometry(again, *parts(affine_of(image)))
    assert same_grid(image, again, tolerance=1e-12)
    np.testing.assert_allclose(direction_matrix(again), AXES)
    np.testing.assert_allclose(voxel_size(affine_of(image)), image.GetSpacing())


def test_a_sheared_affine_is_split_as_it_is_squared_or_refused() -> None:
    sheared = np.diag([1.0, 2.0, 3.0, 1.0])
    sheared[0, 1] = 0.5
    assert shear_of(sheared) == pytest.approx(0.5 / np.hypot(0.5, 2))
    _, _, axes = split_affine(sheared)
    assert shear_of(axes) == pytest.approx(shear_of(sheared))
    assert shear_of(nearest_rotation(axes)) < 1e-12
    with pytest.raises(GeometryError, match="x: the affine is sheared by 14 degrees"):
        geometry_from_affine(sheared, "x")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.SetOrigin((-4.0, 5.0, 60.001)),
        lambda image: image.SetSpacing((1.5, 2.0, 3.251)),
        lambda image: image.SetDirection((AXES @ np.reshape(TURN.GetMatrix(), (3, 3))).ravel().tolist()),
    ],
)
def test_two_grids_are_one_within_the_tolerance_only(image: sitk.Image, change) -> None:
    other = sitk.Image(image)
    assert same_grid(image, other)
    change(other)
    assert not same_grid(image, other)
    assert same_grid(image, other, tolerance=2)
    assert not same_grid(image, image[:-1], tolerance=1000)


def test_a_transform_is_its_matrix_in_either_world() -> None:
    moved = sitk.Euler3DTransform((3, 4, 5), 0.1, 0.2, -0.3, (7, -8, 9))
    matrix = matrix_of(moved)
    point = (11.0, -12.0, 13.0)
    np.testing.assert_allclose((matrix @ [*point, 1])[:3], moved.TransformPoint(point))
    np.testing.assert_allclose(linear(matrix).TransformPoint(point), moved.TransformPoint(point))
    ras = in_other_world(matrix)
    np.testing.assert_allclose((ras @ [-11, 12, 13, 1])[:3], np.array(moved.TransformPoint(point)) * (-1, -1, 1))
    np.testing.assert_allclose(in_other_world(ras), matrix)
