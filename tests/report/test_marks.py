"""Letters name the sides of the patient, and the bar is as long as it says."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.phantom import HeadPhantom
from coconet_med.report.marks import SIDES, bar_length, with_bar, with_sides
from coconet_med.slices import slicing_of


@pytest.fixture(scope="module")
def result(head: HeadPhantom) -> coconet_med.FusionResult:
    image = sitk.Cast(head.t1, sitk.sitkFloat32)
    return coconet_med.fuse(image[:, :, 8:], head.pet, register="never")


@pytest.mark.parametrize("plane", SIDES)
def test_letters_name_the_sides_that_the_slicing_shows(result: coconet_med.FusionResult, plane: str) -> None:
    """The letter at an edge is that of the patient's side whose voxels lie there."""
    slicing = slicing_of(result.anatomy.image, plane=plane)
    shape = sitk.GetArrayViewFromImage(result.anatomy.image).shape
    world = [np.zeros(shape) for _ in range(3)]
    for k, j, i in np.ndindex(2, 2, 2):
        index = (i * (shape[2] - 1), j * (shape[1] - 1), k * (shape[0] - 1))
        point = result.anatomy.image.TransformIndexToPhysicalPoint(index)
        for axis in range(3):
            world[axis][index[::-1]] = point[axis]
    left, right, top, bottom = SIDES[plane]
    corners = [slicing.stack(w)[0][np.ix_((0, -1), (0, -1))] for w in world]
    along = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
    for letter, far, near in (
        (left, (0, 0), (0, 1)),
        (right, (0, 1), (0, 0)),
        (top, (0, 0), (1, 0)),
        (bottom, (1, 0), (0, 0)),
    ):
        axis, sign = along[letter]
        assert sign * (corners[axis][far] - corners[axis][near]) > 0


def test_letters_stand_at_the_edges_and_nowhere_else() -> None:
    rgb = np.full((120, 160, 3), 90, np.uint8)
    marked = with_sides(rgb, "axial")
    changed = (marked != rgb).any(axis=-1)
    for where in (np.s_[50:70, :16], np.s_[50:70, -16:], np.s_[:16, 70:90], np.s_[-16:, 70:90]):
        assert changed[where].any()
        changed[where] = False
    assert not changed.any()


def test_the_bar_is_as_long_as_it_says() -> None:
    rgb = np.zeros((120, 200, 3), np.uint8)
    drawn = with_bar(rgb, 1.25)  # 200 pixels are 160 mm: the bar is 50 mm
    assert bar_length(160) == 50
    row = drawn[-7, :, 0] > 200
    assert row.sum() == pytest.approx(62.5, abs=1.5)
    assert [bar_length(mm) for mm in (1000, 249, 12, 3)] == [200, 50, 2, 1]
