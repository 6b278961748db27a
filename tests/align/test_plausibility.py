"""The figures that decide about an alignment have the values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align.plausibility import Plausibility, foreground, foreground_center
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


def test_the_body_is_found_beside_a_spot_a_thousand_times_hotter():
    values = sitk.GetArrayFromImage(block(10, 30))
    values[20:22, 20:22, 20:22] = 10_000.0
    mask = sitk.GetArrayFromImage(foreground(sitk.GetImageFromArray(np.minimum(values, 100.0))))
    np.testing.assert_array_equal(mask, values > 0)


@pytest.mark.parametrize("wild", [1e4, 1e12, 3e38])
def test_the_body_is_found_beside_a_corrupt_voxel(wild):
    """One such voxel was taken for the whole body, and the header called wrong."""
    values = sitk.GetArrayFromImage(block(10, 30))
    values[3, 3, 3] = wild
    mask = sitk.GetArrayFromImage(foreground(sitk.GetImageFromArray(values)))
    np.testing.assert_array_equal(mask, values > 0)


def test_a_constant_image_has_no_body():
    assert foreground_center(foreground(sitk.Image((5, 5, 5), sitk.sitkFloat32) + 3.0)) is None


def test_coverage_overlap_and_distance_of_two_blocks():
    identity = sitk.Transform(3, sitk.sitkIdentity)
    same = Pair.of(block(8, 24), block(8, 24)).judge(identity)
    assert (same.coverage, same.overlap, same.center_distance_mm) == (1.0, 1.0, 0.0)
    apart = Pair.of(block(4, 16), block(24, 36)).judge(identity)
    assert (apart.coverage, apart.overlap) == (1.0, 0.0)
    assert apart.center_distance_mm == pytest.approx(20 * math.sqrt(3), abs=0.1)
    away = Pair.of(block(8, 24), block(8, 24)).judge(sitk.TranslationTransform(3, (100.0, 0.0, 0.0)))
    assert (away.coverage, away.overlap, away.center_distance_mm) == (0.0, 0.0, math.inf)


def test_doubts_are_put_into_words():
    assert Plausibility(1.0, 0.8, 5.0, 1.0).doubts == ()
    assert "misses the anatomy" in Plausibility(0.0, 0.0, math.inf, 0.0).doubts[0]
    assert [
        word for doubt in Plausibility(0.1, 0.2, 70.0, 0.1).doubts for word in ("10%", "20%", "70 mm") if word in doubt
    ]
