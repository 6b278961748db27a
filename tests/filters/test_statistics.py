"""Pearson correlation as NumPy has it, and 0 where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.filters.statistics import correlation


def test_it_is_that_of_numpy_and_0_for_a_constant_picture() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 9, 7))
    assert correlation(one, other) == pytest.approx(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    assert correlation(one, 3 - 2 * one) == pytest.approx(-1)
    assert correlation(one, np.ones_like(one)) == 0
    assert correlation(np.array([0, 255], np.uint8), np.array([255, 0], np.uint8)) == pytest.approx(-1)
