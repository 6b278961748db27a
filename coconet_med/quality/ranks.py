"""Rank correlation with an answer for every picture."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import correlation
from coconet_med.quality.pixels import Floats, Mask


def spearman(truth: Floats, seen: Floats, where: Mask) -> float:
    """Spearman correlation over a mask, ties given their mean rank.

    Args:
        truth: ``(j, i)`` picture whose order should be kept.
        seen: ``(j, i)`` picture in which it is looked for.
        where: mask ``(j, i)``.

    Returns:
        nan if the mask is empty or ``truth`` is constant on it (there is no order to keep); 0 if ``seen`` is constant
        (no order is kept): an empty result must not drop out of the averages.
    """
    a, b = truth[where], seen[where]
    if a.size == 0 or np.ptp(a) == 0.0:
        return float("nan")
    return correlation(_ranks(a), _ranks(b))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1 on, ties given their mean rank."""
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2.0)[group]
