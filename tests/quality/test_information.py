"""Entropy and mutual information agree with scikit-learn and hand counts, FMI with its definition loop by loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from coconet_med.quality.information import entropy, feature_mutual_information, mutual_information


def test_entropy_counts_bits() -> None:
    assert entropy(np.zeros((4, 4))) == 0.0
    assert entropy(np.arange(256.0).reshape(16, 16)) == pytest.approx(8.0)
    assert entropy(np.array([[0.0, 0.0], [7.0, 9.0]])) == pytest.approx(1.5)


def test_mutual_information_is_that_of_scikit_learn(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, b, _ = noise_triple
    assert mutual_information(a, b) == pytest.approx(mutual_info_score(a.ravel(), b.ravel()), abs=1e-10)


def test_a_constant_picture_shares_no_information(noise_triple: tuple[np.ndarray, ...]) -> None:
    assert mutual_information(noise_triple[0], np.full_like(noise_triple[0], 3.0)) == pytest.approx(0.0, abs=1e-12)


def _literal_window(a: np.ndarray, f: np.ndarray) -> float:
    """Normalized information of two 3 x 3 windows after Haghighat and Razian 2014, cell by cell."""
    if (a == f).all():
        return 1.0
    if np.ptp(a) == 0 or np.ptp(f) == 0:
        return 0.0
    pa, pf = (((x - x.min()) / (x.max() - x.min())).ravel(order="F") for x in (a, f))
    pa, pf = pa / pa.sum(), pf / pf.sum()
    ca, cf = [0.0, *np.cumsum(pa)], [0.0, *np.cumsum(pf)]
    r = np.corrcoef(pa, pf)[0, 1]
    k = np.arange(1, 10)
    sd = [math.sqrt(max((k**2 * p).sum() - (k * p).sum() ** 2, 0.0)) for p in (pa, pf)]

    def bound(i: int, j: int) -> float:
        return min(cf[i], ca[j]) if r >= 0 else max(cf[i] + ca[j] - 1, 0.0)

    cov = sum(bound(i, j) - cf[i] * ca[j] for i in range(1, 10) for j in range(1, 10))
    share = r / (cov / (sd[0] * sd[1])) if sd[0] * sd[1] > 1e-9 and abs(cov) > 1e-12 else 0.0
    h = 0.0
    for i in range(1, 10):
        for j in range(1, 10):
            corner = bound(i, j) - bound(i - 1, j) - bound(i, j - 1) + bound(i - 1, j - 1)
            cell = share * corner + (1 - share) * pf[i - 1] * pa[j - 1]
            h -= cell * math.log(abs(cell)) if cell != 0 else 0.0
    both = -sum(x * math.log(x) for x in [*pa, *pf] if x > 0)
    return 2 * (both - h) / both if both > 0 else 0.0


def test_fmi_equals_the_literal_definition(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, b, f = (x[25:40, 12:34] for x in noise_triple)
    windows = [(slice(j, j + 3), slice(i, i + 3)) for j in range(13) for i in range(20)]
    expected = np.mean([(_literal_window(a[w], f[w]) + _literal_window(b[w], f[w])) / 2 for w in windows])
    assert feature_mutual_information(a, b, f) == pytest.approx(expected, abs=1e-9)


def test_fmi_of_a_copy_of_both_is_one(noise_triple: tuple[np.ndarray, ...]) -> None:
    a = noise_triple[0]
    assert feature_mutual_information(a, a, a) == 1.0


def test_fmi_of_a_flat_result_counts_only_flat_windows() -> None:
    source = np.random.default_rng(0).integers(0, 256, (20, 20)).astype(float)
    assert feature_mutual_information(source, source, np.zeros((20, 20))) == 0.0


def test_fmi_needs_one_window() -> None:
    assert math.isnan(feature_mutual_information(*[np.zeros((2, 9))] * 3))
