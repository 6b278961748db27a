"""The pictures that are measured: 8-bit luminance by BT.601, and what formulas share."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.color.bt601 import chroma
from coconet_med.errors import GeometryError
from coconet_med.quality.pixels import check_gray_scale, check_same_size, is_color, luminance, sigmoid


def test_luminance_is_that_of_bt601_in_whole_numbers() -> None:
    pure = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]])
    assert luminance(pure).tolist() == [[76, 150, 29, 255]]
    assert luminance(np.array([[1.4, -3, 300, np.nan, np.inf]])).tolist() == [[1, 0, 255, 0, 255]]


def test_what_is_no_picture_is_refused_by_its_shape() -> None:
    with pytest.raises(GeometryError, match=r"shape \(2, 3, 4\)"):
        luminance(np.zeros((2, 3, 4)))
    assert is_color(np.zeros((5, 4, 3)))
    assert not is_color(np.zeros((5, 3)))
    check_same_size(one=np.zeros((2, 3)), other=np.zeros((2, 3, 3)))
    with pytest.raises(GeometryError, match="one 2x3, other 3x2"):
        check_same_size(one=np.zeros((2, 3)), other=np.zeros((3, 2)))


def test_gray_has_no_chroma_and_pure_colors_have_half_the_range() -> None:
    blue, red = chroma(np.array([[[0, 0, 255], [255, 0, 0], [90, 90, 90]]]))
    assert blue[0, 0] == pytest.approx(127.5)
    assert red[0, 1] == pytest.approx(127.5)
    assert abs(blue[0, 2]) < 1e-12
    assert abs(red[0, 2]) < 1e-12


def test_the_sigmoid_never_overflows() -> None:
    np.testing.assert_allclose(sigmoid(np.array([-1e6, 0.0, np.log(3), 1e6])), [0, 0.5, 0.75, 1], atol=1e-12)


def test_pictures_of_zero_to_one_are_told_from_faint_and_black_ones() -> None:
    gray = np.linspace(0, 255, 60).reshape(6, 10)
    for given in ((gray / 255, gray / 255, gray / 255), (gray, gray, gray / 255), (gray / 255, gray / 255, gray)):
        with pytest.raises(GeometryError, match=r"from 0 to 1 .*multiply by 255"):
            check_gray_scale(*given)
    black, step = np.zeros_like(gray), np.where(gray > 9, 1.0, 0.0)
    for faint in (gray / 255, gray / 1000, black, step, np.full_like(gray, np.nan)):
        check_gray_scale(gray, faint, gray)
    check_gray_scale(black, black, black)
    check_gray_scale(step.astype(np.uint8), step.astype(np.uint8), step.astype(np.uint8))
    check_gray_scale(gray, gray, gray)
