"""Lesions of known place in slices of the generated head."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.errors import OptionError
from coconet_med.phantom.lesions import Background, Insert, background, ball, scan
from coconet_med.phantom.scan import FWHM_PER_SIGMA


@pytest.fixture(scope="module")
def ground() -> Background:
    return background(1, level=16.0, size=96)


@pytest.mark.parametrize(("diameter", "fwhm"), [(4.0, 6.0), (8.0, 6.0), (12.0, 3.0)])
def test_a_ball_is_that_of_three_dimensions_blurred(diameter: float, fwhm: float) -> None:
    step, half = 0.25, 52
    grid = np.indices((2 * half + 1,) * 3).astype(np.float32) - half
    inside = (np.sqrt((grid**2).sum(0)) * step <= diameter / 2).astype(np.float32)
    middle = ndimage.gaussian_filter(inside, fwhm / FWHM_PER_SIGMA / step, truncate=3.5)[half]
    found = ball(diameter, pixel=1.25, fwhm=fwhm)
    reach = len(found) // 2
    expected = middle[half - 5 * reach : half + 5 * reach + 1 : 5, half - 5 * reach : half + 5 * reach + 1 : 5]
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_places_lie_in_brain_and_apart(ground: Background) -> None:
    assert len(ground.places) >= 8
    between = np.linalg.norm(ground.places[:, None] - ground.places[None], axis=-1)
    assert between[~np.eye(len(between), dtype=bool)].min() * ground.pixel >= 26
    assert (ground.t1[tuple(ground.places.T)] > 200).all()


def test_a_lesion_shows_where_and_in_what_it_is_said_to(ground: Background) -> None:
    place = tuple(int(x) for x in ground.places[0])
    away = np.hypot(*(np.indices(ground.t1.shape) - np.array(place)[:, None, None])) * ground.pixel
    plain = scan(ground, seed=3, noise=0)
    for mri, pet in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.4), (0.0, -0.4), (-0.2, 0.4)):
        seen = scan(ground, [Insert(place, 10.0, mri, pet)], seed=3, noise=0)
        for picture, without, contrast in zip(seen, plain, (mri, pet), strict=True):
            change = picture.astype(int) - without
            assert np.sign(change[place]) == np.sign(contrast)
            assert not change[away > 18].any()
            if contrast == 0:
                assert not change.any()


def test_a_hot_lesion_adds_its_share_of_gray_matter(ground: Background) -> None:
    place = tuple(int(x) for x in ground.places[0])
    change = scan(ground, [Insert(place, 30.0, 0.0, 0.4)], seed=3, noise=0)[1][place] - float(
        scan(ground, seed=3, noise=0)[1][place]
    )
    assert change == pytest.approx(0.4 * 255 / 2, abs=1.5)


def test_noise_is_the_same_with_and_without_lesions_and_new_for_each_seed(ground: Background) -> None:
    place = tuple(int(x) for x in ground.places[0])
    away = np.hypot(*(np.indices(ground.t1.shape) - np.array(place)[:, None, None])) * ground.pixel > 25
    for a, b, c in zip(
        scan(ground, seed=1), scan(ground, [Insert(place, 8.0, 0.3, 0.5)], seed=1), scan(ground, seed=2), strict=True
    ):
        np.testing.assert_array_equal(a[away], b[away])
        assert (a != c).mean() > 0.2


def test_a_size_out_of_range_is_refused() -> None:
    with pytest.raises(OptionError, match="64 to 512"):
        background(1, size=16)
