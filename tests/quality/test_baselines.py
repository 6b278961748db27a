"""Classical fusions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.errors import OptionError
from coconet_med.quality.baselines import BASELINES, fuse_classically, gate

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


def test_an_unknown_baseline_is_named_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match=r"'dwt'.*laplacian"):
        fuse_classically("dwt", np.zeros((4, 4)), np.zeros((4, 4)))
