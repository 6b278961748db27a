"""Medians around pixels: those of ITK, but for a gray level, and what lies beyond the frame does not count."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.filters.local_median import local_medians


def exact(picture: np.ndarray, radius: tuple[int, int]) -> np.ndarray:
    rank = sitk.RankImageFilter()
    rank.SetRank(0.5)
    rank.SetRadius(list(radius[::-1]))
    return sitk.GetArrayFromImage(rank.Execute(sitk.GetImageFromArray(picture))).astype(np.float32)


@pytest.fixture
def picture() -> np.ndarray:
    y, x = np.mgrid[:60, :50]
    smooth = 120 + 80 * np.sin(y / 9) * np.cos(x / 7)
    return np.clip(smooth + np.random.default_rng(0).normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("radius", [(6, 6), (3, 5), (12, 9)])  # the last one has more pixels than 8 bits count
def test_they_are_those_of_itk_but_for_a_gray_level(picture: np.ndarray, radius: tuple[int, int]):
    found = local_medians(picture, [radius])[0]
    off = np.abs(found - exact(picture, radius))
    assert found.dtype == np.float32
    assert off[radius[0] : -radius[0], radius[1] : -radius[1]].max() < 1.5
    assert off.mean() < 0.6  # at the frame there are even numbers of pixels, whose median is one of two


def test_those_of_a_box_are_those_of_the_whole_picture(picture: np.ndarray):
    box = slice(2, 31), slice(20, 50)
    for whole, part in zip(*(local_medians(picture, [(6, 6), (3, 3)], box=b) for b in (None, box)), strict=True):
        assert np.array_equal(whole[box], part)


@pytest.mark.parametrize("level", [0, 1, 77, 254, 255])
def test_of_one_gray_level_it_is_that_level(level: int):
    assert local_medians(np.full((9, 9), level, np.uint8), [(2, 2)])[0] == pytest.approx(level, abs=1)


def test_a_spot_smaller_than_half_of_the_rectangle_does_not_move_it():
    picture = np.full((31, 31), 40, np.uint8)
    picture[13:18, 13:18] = 200
    assert local_medians(picture, [(6, 6)])[0][15, 15] == pytest.approx(40, abs=1)
