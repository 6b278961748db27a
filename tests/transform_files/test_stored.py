"""A transform as its file states it: its sizes, its other direction, and the grids that it names."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError
from coconet_med.geometry import affine_of, linear
from coconet_med.source import Source
from coconet_med.transform_files.stored import Grid, StoredTransform, inverse, is_rigid, starts_at_function


def _stored(matrix: np.ndarray) -> StoredTransform:
    return StoredTransform(matrix, np.linalg.inv(matrix), "a.lta", "LTA", "as its grids say")


def test_scales_tell_a_rigid_transform_from_one_that_stretches() -> None:
    turn = np.eye(4)
    turn[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    assert _stored(turn).rigid
    stretch = turn @ np.diag((1.0, 1.2, 1.0, 1.0))
    assert not is_rigid(stretch)
    np.testing.assert_allclose(sorted(_stored(stretch).scales), [1, 1, 1.2])


def test_inverted_is_the_other_direction_and_says_so() -> None:
    shift = np.eye(4)
    shift[:3, 3] = (1, 2, 3)
    other = _stored(shift).inverted()
    np.testing.assert_array_equal(other.matrix, np.linalg.inv(shift))
    assert "the other way round" in other.stated
    assert linear(shift).TransformPoint((0.0, 0.0, 0.0)) == (1, 2, 3)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [(np.diag((1.0, 1.0, 0.0, 1.0)), "singular"), (np.full((4, 4), np.nan), "not finite")],
)
def test_what_cannot_be_turned_round_is_refused(matrix, words) -> None:
    with pytest.raises(GeometryError, match=words):
        inverse(matrix, "a.mat")


def test_a_mirror_is_refused() -> None:
    with pytest.raises(GeometryError, match="mirrors the image"):
        _stored(np.diag((-1.0, 1.0, 1.0, 1.0)))


def test_grids_tell_which_side_of_a_transform_is_which_image() -> None:
    anatomy, function = sitk.Image(20, 20, 20, sitk.sitkFloat32), sitk.Image(10, 10, 10, sitk.sitkFloat32)
    function.SetSpacing((3.0, 3.0, 3.0))
    a, f = Source(anatomy, "a"), Source(function, "f")
    grids = [Grid(image.GetSize(), affine_of(image)) for image in (anatomy, function)]
    assert starts_at_function(grids[1], grids[0], a, f) is True
    assert starts_at_function(grids[0], grids[1], a, f) is False
    assert starts_at_function(grids[0], grids[0], a, f) is None
    turned = sitk.PermuteAxes(function, [2, 0, 1])
    assert Grid(turned.GetSize(), affine_of(turned)).is_that_of(f)
