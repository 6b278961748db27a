"""Classical fusions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.errors import OptionError
from coconet_med.quality.baselines import BASELINES, fuse_classically, gate
from coconet_med.quality.guided import guided_filter

Pair = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("name", list(BASELINES))
def test_a_source_fused_with_itself_stays_itself(head_pair: Pair, name: str) -> None:
    m = head_pair[0]
    np.testing.assert_allclose(fuse_classically(name, m, m), m, atol=1e-3)


@pytest.mark.parametrize("name", list(BASELINES))
def test_results_are_luminance_of_the_size_of_the_sources(name: str) -> None:
    m, p = np.random.default_rng(2).uniform(0, 255, (2, 45, 62))
    fused = fuse_classically(name, m, p)
    assert fused.shape == (45, 62)
    assert fused.min() >= 0
    assert fused.max() <= 255


@pytest.mark.parametrize("name", list(BASELINES))
def test_a_volume_is_fused_slice_by_slice(head_pair: Pair, name: str) -> None:
    m, p = head_pair
    volume = fuse_classically(name, np.stack([m, p]), np.stack([p, m]))
    np.testing.assert_array_equal(volume[1], fuse_classically(name, p, m))


@pytest.mark.parametrize("name", list(BASELINES))
def test_black_sources_give_black(name: str) -> None:
    np.testing.assert_array_equal(fuse_classically(name, np.zeros((40, 40)), np.zeros((40, 40))), 0)


def test_the_gate_is_its_formula(head_pair: Pair) -> None:
    m, p = head_pair
    low_m, low_p = ndimage.gaussian_filter(m, 3), ndimage.gaussian_filter(p, 3)
    w = 1 / (1 + np.exp(-(low_p - np.percentile(low_p[low_p > 5], 40)) / 8))
    np.testing.assert_allclose(gate(m, p), w * low_p + (1 - w) * low_m + m - low_m, atol=1e-9)


def test_the_gate_without_uptake_returns_the_anatomy(head_pair: Pair) -> None:
    np.testing.assert_array_equal(gate(head_pair[0], np.zeros((96, 96))), head_pair[0])


def test_the_pyramid_takes_detail_from_both_and_the_mean_of_the_rest() -> None:
    m, p = np.full((64, 64), 100.0), np.full((64, 64), 50.0)
    m[20, 20], p[44, 44] = 160.0, 110.0
    fused = fuse_classically("laplacian", m, p)
    assert fused[20, 20] - fused[20, 28] > 50
    assert fused[44, 44] - fused[44, 52] > 50
    assert fused.mean() == pytest.approx(75, abs=1)


def test_the_guided_filter_keeps_edges_of_its_guide() -> None:
    step = np.where(np.arange(60) < 30, 0.0, 1.0) * np.ones((60, 1))
    kept = guided_filter(step, step, radius=5, epsilon=1e-6)
    blurred = guided_filter(np.zeros_like(step), step, radius=5, epsilon=1e-6)
    np.testing.assert_allclose(kept, step, atol=1e-3)
    assert abs(blurred - step).max() > 0.3


def test_an_unknown_baseline_is_named_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match=r"'dwt'.*laplacian"):
        fuse_classically("dwt", np.zeros((4, 4)), np.zeros((4, 4)))
