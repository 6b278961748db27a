"""Averages leave out what could not be measured."""

from __future__ import annotations

import math

from coconet_med.quality.averages import mean_of


def test_nan_is_left_out_and_of_nothing_the_mean_is_nan() -> None:
    assert mean_of([1.0, math.nan, 4.0]) == 2.5
    assert math.isnan(mean_of([math.nan]))
    assert math.isnan(mean_of([]))
