"""Rank correlation is SciPy's, and has an answer for every picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from coconet_med.quality.ranks import spearman


def test_it_is_that_of_scipy_with_ties() -> None:
    rng = np.random.default_rng(2)
    truth, seen = rng.integers(0, 9, (2, 20, 20)).astype(float)
    where = rng.random((20, 20)) < 0.6
    assert spearman(truth, seen, where) == pytest.approx(spearmanr(truth[where], seen[where]).statistic)


def test_only_order_counts() -> None:
    truth = np.arange(12.0).reshape(3, 4)
    assert spearman(truth, truth**3, truth >= 0) == pytest.approx(1)
    assert spearman(truth, -truth, truth >= 0) == pytest.approx(-1)


def test_without_an_order_to_keep_nothing_is_said_and_an_empty_result_keeps_none() -> None:
    truth, flat = np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    assert math.isnan(spearman(flat, truth, truth >= 0))
    assert math.isnan(spearman(truth, truth, truth < 0))
    assert spearman(truth, flat, truth >= 0) == 0
