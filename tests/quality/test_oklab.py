"""OKLab against the values that its author published."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.quality.oklab import JUST_NOTICEABLE, oklab, oklab_of_picture

# CIE XYZ (D65) -> linear sRGB, IEC 61966-2-1.
_TO_RGB = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.mark.parametrize(
    ("xyz", "lab"),
    [
        ((0.950, 1.000, 1.089), (1.000, 0.000, 0.000)),
        ((1.000, 0.000, 0.000), (0.450, 1.236, -0.019)),
        ((0.000, 1.000, 0.000), (0.922, -0.671, 0.263)),
        ((0.000, 0.000, 1.000), (0.153, -1.415, -0.449)),
    ],
)
def test_the_table_of_the_author_is_met(xyz: tuple[float, ...], lab: tuple[float, ...]) -> None:
    assert oklab(_TO_RGB @ xyz) == pytest.approx(lab, abs=0.01)


def test_gray_has_no_color_and_white_is_one_from_black() -> None:
    lab = oklab_of_picture(np.arange(256.0).reshape(16, 16))
    assert np.abs(lab[..., 1:]).max() < 1e-4
    assert lab[0, 0, 0] == 0
    assert lab[-1, -1, 0] == pytest.approx(1, abs=1e-4)


def test_a_just_noticeable_difference_is_some_gray_levels() -> None:
    light = oklab_of_picture(np.arange(256.0)[None])[0, :, 0]
    for level in (80, 128, 200):
        assert 4 < np.argmax(light - light[level] >= JUST_NOTICEABLE) - level < 9
