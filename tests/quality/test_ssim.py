"""SSIM agrees with scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from coconet_med.quality.ssim import ssim, ssim_map


@pytest.mark.parametrize("data_range", [2.0, 255.0])
def test_ssim_is_that_of_scikit_image(noise_triple: tuple[np.ndarray, ...], data_range: float) -> None:
    a, b, _ = noise_triple
    mean, full = structural_similarity(a, b, data_range=data_range, full=True)
    assert ssim(a, b, data_range=data_range) == pytest.approx(mean, abs=1e-10)
    np.testing.assert_allclose(ssim_map(a, b, data_range=data_range), full, atol=1e-9)


def test_a_picture_equals_itself(noise_triple: tuple[np.ndarray, ...]) -> None:
    assert ssim(noise_triple[0], noise_triple[0], data_range=255.0) == pytest.approx(1.0)


def test_a_raised_background_ruins_ssim_only_with_the_range_of_two() -> None:
    black, raised = np.zeros((32, 32)), np.ones((32, 32))
    assert ssim(black, raised, data_range=255.0) > 0.8
    assert ssim(black, raised, data_range=2.0) < 0.01


def test_pictures_narrower_than_the_window_have_no_ssim() -> None:
    assert math.isnan(ssim(np.zeros((6, 20)), np.zeros((6, 20)), data_range=255.0))
