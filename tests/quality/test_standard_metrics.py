"""The usual set agrees with hand-computed values and independent libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity
from sklearn.metrics import mutual_info_score

from coconet_med.quality.standard_metrics import (
    STANDARD_METRICS,
    average_gradient,
    peak_signal_to_noise,
    spatial_frequency,
    standard_metrics,
    sum_of_correlations_of_differences,
)
from coconet_med.quality.vif import vif

CHECKER = np.array([[0.0, 10.0, 0.0], [10.0, 0.0, 10.0]])


def test_spatial_frequency_by_hand() -> None:
    assert spatial_frequency(CHECKER) == pytest.approx(math.sqrt(100 + 100))
    assert spatial_frequency(np.array([[0.0, 6.0], [0.0, 6.0]])) == pytest.approx(6.0)


def test_average_gradient_by_hand() -> None:
    ramp = np.tile(np.arange(5.0) * 4, (5, 1))
    assert average_gradient(ramp) == pytest.approx(4 / math.sqrt(2))
    assert math.isnan(average_gradient(np.zeros((1, 9))))


def test_scd_of_the_sum_is_two_and_of_a_copy_counts_one_side() -> None:
    rng = np.random.default_rng(3)
    m, p = rng.normal(size=(2, 20, 20))
    assert sum_of_correlations_of_differences(m, p, m + p) == pytest.approx(2.0)
    assert sum_of_correlations_of_differences(m, p, m) == pytest.approx(np.corrcoef((m - p).ravel(), m.ravel())[0, 1])


def test_psnr_by_hand() -> None:
    m, p, f = np.zeros((2, 2)), np.full((2, 2), 20.0), np.full((2, 2), 10.0)
    assert peak_signal_to_noise(m, p, f) == pytest.approx(0.0)
    assert peak_signal_to_noise(f, f, f) == 100.0
    assert math.isfinite(peak_signal_to_noise(p, p, m))


def test_sums_over_both_sources_agree_with_independent_libraries(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, b, f = noise_triple
    values = standard_metrics(a, b, f)
    assert tuple(values) == STANDARD_METRICS
    assert values["SD"] == pytest.approx(np.std(f))
    assert values["MI"] == pytest.approx(sum(mutual_info_score(f.ravel(), x.ravel()) for x in (a, b)))
    assert values["VIF"] == pytest.approx(vif(a, f) + vif(b, f))
    assert values["SSIM"] == pytest.approx(sum(structural_similarity(f, x, data_range=2.0) for x in (a, b)))
    assert values["SSIM255"] == pytest.approx(sum(structural_similarity(f, x, data_range=255.0) for x in (a, b)))
    assert values["CC"] == pytest.approx(np.mean([np.corrcoef(f.ravel(), x.ravel())[0, 1] for x in (a, b)]))


def test_a_copy_of_the_anatomy_wins_the_usual_set_as_it_should_not(head_pair: tuple[np.ndarray, np.ndarray]) -> None:
    m, p = head_pair
    copy, mean = standard_metrics(m, p, m), standard_metrics(m, p, (m + p) / 2)
    assert copy["Qabf"] > mean["Qabf"]
    assert copy["VIF"] > mean["VIF"]


@pytest.mark.parametrize("level", [0.0, 255.0])
def test_constant_pictures_have_finite_measures_but_qabf(level: float) -> None:
    flat = np.full((64, 64), level)
    values = standard_metrics(flat, flat, np.zeros((64, 64)))
    assert all(math.isfinite(value) for name, value in values.items() if name != "Qabf")
    assert math.isnan(values["Qabf"]) == (level == 0.0)  # a white picture has an edge at its frame
