"""Slices in display orientation, whatever the storage, and exactly back."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import OptionError
from coconet_med.slices import slicing_of

#: All 48 ways to store a volume along the patient's axes.
STORAGES = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3))
]


def field(direction: np.ndarray) -> sitk.Image:
    """A volume whose value at each voxel is its world position, 10000 x + 100 y + z, for x, y, z in 0..."""
    extent = np.array((5, 6, 7))
    size = np.abs(direction).T @ extent
    image = sitk.Image([int(n) for n in size], sitk.sitkFloat32)
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin(np.where(direction.sum(axis=1) < 0, extent - 1, 0).astype(float).tolist())
    array = sitk.GetArrayFromImage(image)
    for k, j, i in np.ndindex(*array.shape):
        x, y, z = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        array[k, j, i] = 10000 * x + 100 * y + z
    filled = sitk.GetImageFromArray(array)
    filled.CopyInformation(image)
    return filled


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_every_storage_gives_the_same_slices_and_comes_back_exactly(plane: str) -> None:
    reference = None
    for direction in STORAGES:
        image = field(direction)
        array = sitk.GetArrayFromImage(image)
        slicing = slicing_of(image, plane=plane)
        stack = slicing.stack(array)
        reference = stack.copy() if reference is None else reference
        assert np.array_equal(stack, reference)
        assert np.array_equal(slicing.unstack(stack), array)


def test_axial_slices_show_the_right_at_the_left_and_the_front_above() -> None:
    stack = slicing_of(field(np.eye(3)), plane="axial").stack(sitk.GetArrayFromImage(field(np.eye(3))))
    # LPS: x grows to the left of the patient, y to the back, z to the head.
    assert (np.diff(stack, axis=2) == 10000).all()
    assert (np.diff(stack, axis=1) == 100).all()
    assert (np.diff(stack, axis=0) == 1).all()


def test_coronal_and_sagittal_slices_have_the_head_above() -> None:
    array = sitk.GetArrayFromImage(field(np.eye(3)))
    coronal = slicing_of(field(np.eye(3)), plane="coronal").stack(array)
    sagittal = slicing_of(field(np.eye(3)), plane="sagittal").stack(array)
    assert (np.diff(coronal, axis=1) == -1).all()
    assert (np.diff(coronal, axis=2) == 10000).all()
    assert (np.diff(sagittal, axis=1) == -1).all()
    assert (np.diff(sagittal, axis=2) == 100).all()


def test_color_keeps_its_channels() -> None:
    image = field(STORAGES[17])
    rgb = np.random.default_rng(0).integers(0, 255, (*sitk.GetArrayFromImage(image).shape, 3))
    slicing = slicing_of(image, plane="coronal")
    assert np.array_equal(slicing.unstack(slicing.stack(rgb)), rgb)


@pytest.mark.parametrize(
    ("size", "spacing", "axis", "plane"),
    [
        ((8, 8, 8), (1, 1, 1), None, "axial"),
        ((8, 8, 8), (1, 4, 1), None, "coronal"),
        ((8, 8, 8), (3, 1, 1), None, "sagittal"),
        ((8, 8, 8), (1, 1, 1.1), None, "axial"),
        ((8, 8, 8), (1, 1, 1), 0, "sagittal"),
        ((8, 1, 8), (1, 1, 1), None, "coronal"),
    ],
)
def test_auto_takes_the_acquired_plane(
    size: tuple[int, ...], spacing: tuple[float, ...], axis: int | None, plane: str
) -> None:
    image = sitk.Image(list(size), sitk.sitkFloat32)
    image.SetSpacing(spacing)
    assert slicing_of(image, slice_axis=axis).plane == plane


def test_an_oblique_volume_is_sliced_along_the_nearest_axes() -> None:
    image = sitk.Image([5, 6, 7], sitk.sitkFloat32)
    c, s = np.cos(0.5), np.sin(0.5)
    image.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
    assert slicing_of(image, plane="axial") == slicing_of(sitk.Image([5, 6, 7], sitk.sitkFloat32), plane="axial")


def test_an_unknown_plane_is_refused() -> None:
    with pytest.raises(OptionError, match="axial, coronal or sagittal"):
        slicing_of(sitk.Image([5, 6, 7], sitk.sitkFloat32), plane="transverse")
