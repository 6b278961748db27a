"""Rotations: which side is where in a projection, and what it shows."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import OptionError
from coconet_med.fusion import mix_again
from coconet_med.sheets.contours import with_contours
from coconet_med.sheets.rotation import _projected, _upright, rotation


def _ball(place) -> sitk.Image:
    image = sitk.Image(40, 40, 40, sitk.sitkFloat32)
    image.SetSpacing((4, 4, 4))
    image.SetOrigin((-78, -78, -78))
    values = sitk.GetArrayFromImage(image)
    i, j, k = image.TransformPhysicalPointToIndex(place)
    values[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2] = 1
    out = sitk.GetImageFromArray(values)
    out.CopyInformation(image)
    return out


@pytest.mark.parametrize(
    ("place", "quarter", "column"),
    [
        ((40, 0, 0), 0, "right"),  # the patient's left is on the right as seen from in front
        ((40, 0, 0), 2, "left"),
        ((0, -40, 0), 1, "left"),  # from the patient's left the face looks to the left
        ((0, -40, 0), 3, "right"),
    ],
)
def test_sides_in_a_projection_are_those_from_where_one_looks(place, quarter, column):
    seen = _projected(_upright(_ball(place)), quarter * np.pi / 2, signed=False)
    _, at = np.unravel_index(seen.argmax(), seen.shape)
    middle = (seen.shape[1] - 1) / 2
    assert (at > middle + 2) if column == "right" else (at < middle - 2)


def test_up_is_superior_and_the_highest_value_wins():
    above, below = _ball((0, 0, 50)), _ball((0, 30, -50)) * 0.5
    seen = _projected(_upright(above + below), 0.0, signed=False)
    rows = seen.max(axis=1)
    assert rows[: len(rows) // 2].max() == pytest.approx(1, abs=0.25)
    assert rows[len(rows) // 2 :].max() == pytest.approx(0.5, abs=0.13)
    lowest = _projected(_upright(above - below * 4), 0.0, signed=True)
    assert lowest.min() < -1.2


def test_a_rotation_is_one_turn_in_frames_of_one_size(result):
    frames = rotation(result, frames=4, height=96)
    assert len({frame.shape for frame in frames}) == 1
    assert not np.array_equal(frames[0], frames[1])
    with pytest.raises(OptionError, match="4 to 720 frames"):
        rotation(result, frames=2)


def test_the_legend_of_a_rotation_is_of_its_colors_not_of_lines_and_black_is_below_the_threshold(result):
    lines = with_contours(result, "30%", over="anatomy")
    np.testing.assert_array_equal(rotation(lines, frames=4, height=96)[0], rotation(result, frames=4, height=96)[0])
    cut = rotation(mix_again(result, threshold="60%"), frames=4, height=96)[0]
    whole = rotation(result, frames=4, height=96)[0]
    body = cut[20:, :100].max(axis=-1), whole[20:, :100].max(axis=-1)
    assert (body[1] > 60).sum() > 2 * (body[0] > 60).sum() > 0
