"""Mutual information and shares of prepared pairs have the values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align.prepared import Pair, mutual_information


def block(first: int, last: int) -> sitk.Image:
    """40 mm cube at 1 mm with a bright block from index first to last (exclusive) on each axis."""
    values = np.zeros((40, 40, 40), np.float32)
    values[first:last, first:last, first:last] = 10.0
    return sitk.GetImageFromArray(values)


def test_independent_values_share_no_information_and_equal_ones_their_entropy():
    coin = np.repeat([0.0, 1.0], 500)
    assert mutual_information(coin, np.tile([0.0, 1.0], 500)) == pytest.approx(0.0, abs=1e-12)
    assert mutual_information(coin, coin) == pytest.approx(math.log(2))


def test_coverage_overlap_and_distance_of_two_blocks():
    identity = sitk.Transform(3, sitk.sitkIdentity)
    same = Pair.of(block(8, 24), block(8, 24)).plausibility(identity)
    assert (same.coverage, same.overlap, same.center_distance_mm) == (1.0, 1.0, 0.0)
    apart = Pair.of(block(4, 16), block(24, 36)).plausibility(identity)
    assert (apart.coverage, apart.overlap) == (1.0, 0.0)
    assert apart.center_distance_mm == pytest.approx(20 * math.sqrt(3), abs=0.1)
    away = Pair.of(block(8, 24), block(8, 24)).plausibility(sitk.TranslationTransform(3, (100.0, 0.0, 0.0)))
    assert (away.coverage, away.overlap, away.center_distance_mm) == (0.0, 0.0, math.inf)
