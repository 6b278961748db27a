"""Averages that leave out what could not be measured."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def mean_of(values: Iterable[float]) -> float:
    """Mean of the values that are not nan; nan if there are none."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
