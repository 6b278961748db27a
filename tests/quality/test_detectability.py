"""The model observer finds what theory says it finds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.color import compose
from coconet_med.quality.detectability import EDGES, REACH, Observer, channels
from coconet_med.quality.oklab import JUST_NOTICEABLE, oklab_of_picture

SIZE = 96
MIDDLE = np.array([[48, 48]])


def _disk(radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.hypot(y - 48, x - 48) <= radius


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def test_the_area_is_that_of_two_normal_ratings() -> None:
    rng = np.random.default_rng(1)
    shift = np.array([0.8, 0.0, -0.5])
    absent, present = rng.normal(size=(4000, 3)), rng.normal(size=(4000, 3)) + shift
    observer = Observer(absent[:2000], present[:2000])
    # Noise of the pictures and of the observer, variance 1 each.
    expected = _normal(np.linalg.norm(shift) / math.sqrt(2) / math.sqrt(2))
    assert observer.area(absent[2000:], present[2000:]) == pytest.approx(expected, abs=0.015)


def test_correlated_channels_are_weighed_by_their_covariance() -> None:
    rng = np.random.default_rng(2)
    common = 10 * rng.normal(size=(4000, 1))
    absent = np.hstack([common, common]) + 0.1 * rng.normal(size=(4000, 2))
    present = absent[::-1] + np.array((3.0, 0.0))
    observer = Observer(absent[:2000], present[:2000])
    # The difference of both channels is free of what they share: 3 against internal noise of sqrt 2, twice.
    assert observer.area(absent[2000:], present[2000:]) == pytest.approx(_normal(3 / 2), abs=0.02)


def test_no_lesion_is_guessing_and_a_plain_one_certain() -> None:
    rng = np.random.default_rng(3)
    absent, same = rng.normal(size=(2000, 4)), rng.normal(size=(2000, 4))
    assert Observer(absent[:1000], same[:1000]).area(absent[1000:], same[1000:]) == pytest.approx(0.5, abs=0.03)
    plain = same + 20
    assert Observer(absent[:1000], plain[:1000]).area(absent[1000:], plain[1000:]) > 0.999


def test_without_any_difference_at_all_the_observer_guesses() -> None:
    absent = np.random.default_rng(4).normal(size=(50, 4))
    assert Observer(absent, absent).area(absent, absent) == 0.5


def test_flat_pictures_say_nothing_and_channels_do_not_see_a_slow_change_of_light() -> None:
    assert channels([np.full((SIZE, SIZE), 130.0)], MIDDLE) == pytest.approx(0, abs=1e-9)
    assert channels([np.full((SIZE, SIZE, 3), 130.0)], MIDDLE).shape == (1, 3 * len(EDGES))


@pytest.mark.parametrize("radius", [1.5, 3.0, 6.0, 12.0])
def test_a_lesion_of_one_just_noticeable_difference_answers_about_one(radius: float) -> None:
    light = oklab_of_picture(np.arange(256.0)[None])[0, :, 0]
    levels = 6.0
    step = (light[128 + int(levels)] - light[128]) / JUST_NOTICEABLE
    seen = channels([128 + levels * _disk(radius)], MIDDLE)[0]
    assert 0.75 * step < seen.max() <= 1.01 * step
    assert channels([128 - levels * _disk(radius)], MIDDLE)[0].min() < -0.75 * step


def test_small_lesions_are_seen_by_fine_channels_and_large_ones_by_coarse() -> None:
    fine, coarse = (np.abs(channels([128 + 20.0 * _disk(r)], MIDDLE)[0]).argmax() for r in (1.5, 12.0))
    assert fine > coarse


def test_pictures_side_by_side_are_seen_together_and_color_is_seen() -> None:
    spot, flat = 128 + 20.0 * _disk(4), np.full((SIZE, SIZE), 128.0)
    both = channels([flat, spot], np.repeat(MIDDLE, 3, axis=0))
    assert both.shape == (3, 2 * len(EDGES))
    assert np.abs(both[:, : len(EDGES)]).max() < 1e-9 < 1 < np.abs(both[:, len(EDGES) :]).max()
    colored = channels([compose(flat / 255, 0.4 + 0.2 * _disk(4))], MIDDLE)[0]
    assert np.abs(colored[len(EDGES) :]).max() > 3


def test_places_at_the_border_are_seen_too() -> None:
    assert np.isfinite(channels([128 + 20.0 * _disk(4)], np.array([[0, 0], [SIZE - 1, 5]]))).all()
    assert REACH > 12  # wide enough for the lesions of the benchmark
