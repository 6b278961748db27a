"""Correlation, means and Gaussians give what SciPy gives, to the last bit where ranks depend on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.filters import (
    Border,
    correlate,
    gaussian,
    laplacian,
    mean_filter,
)

# Names that SciPy gives to the borders.
MODES: dict[Border, str] = {"symmetric": "reflect", "mirror": "mirror", "nearest": "nearest", "zero": "constant"}


def _picture(*shape: int, seed: int = 0) -> np.ndarray:
    return 50 * np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("border", MODES)
@pytest.mark.parametrize("weights", [[1, 4, 6, 4, 1], [-1, 0, 1], [0.1, 0, 0, 0, 0.8, 0, 0, 0, 0.1], [2.5]])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_correlation_along_an_axis_equals_scipy_exactly(border: Border, weights: list[float], axis: int) -> None:
    image = _picture(31, 40)
    expected = ndimage.correlate1d(image, weights, axis=axis, mode=MODES[border])
    np.testing.assert_array_equal(correlate(image, weights, axis=axis, border=border), expected)


@pytest.mark.parametrize("border", MODES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 2)])
def test_windows_wider_than_the_picture_equal_scipy(border: Border, shape: tuple[int, int]) -> None:
    image = _picture(*shape)
    expected = ndimage.correlate1d(image, np.ones(17), axis=1, mode=MODES[border])
    np.testing.assert_allclose(correlate(image, np.ones(17), axis=1, border=border), expected, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.6, 3.0, 20.0])
def test_the_blur_of_a_picture_equals_scipy_exactly(sigma: float) -> None:
    image = _picture(61, 53)
    np.testing.assert_array_equal(gaussian(image, sigma), ndimage.gaussian_filter(image, sigma))


def test_the_blur_of_a_volume_equals_scipy_exactly_however_it_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    volume, sigma = _picture(19, 23, 29).astype(np.float32), (1.2, 0.0, 2.5)
    expected = ndimage.gaussian_filter(volume, sigma, mode="nearest", truncate=3.5)
    for block in (1, 100, 1 << 14):
        monkeypatch.setattr("coconet_med.filters.smoothing._BLOCK", block)
        blurred = gaussian(volume, sigma, border="nearest", truncate=3.5)
        assert blurred.dtype == np.float32
        np.testing.assert_array_equal(blurred, expected)


def test_a_view_in_another_order_is_blurred_like_its_copy() -> None:
    image = _picture(30, 41)
    np.testing.assert_array_equal(gaussian(image.T[::-1], 2.0), gaussian(np.ascontiguousarray(image.T[::-1]), 2.0))


def test_the_blur_can_be_cut_at_a_radius() -> None:
    image = _picture(61, 53)
    np.testing.assert_array_equal(gaussian(image, 5.0, radius=5), ndimage.gaussian_filter(image, 5.0, radius=5))


@pytest.mark.parametrize("axis", [0, 1])
def test_the_slope_of_the_blur_equals_scipy_exactly(axis: int) -> None:
    image = _picture(61, 53)
    expected = ndimage.gaussian_filter(image, 1.5, order=[int(axis == n) for n in (0, 1)])
    np.testing.assert_array_equal(gaussian(image, 1.5, slope_along=axis), expected)


def test_equal_neighborhoods_blur_to_equal_values() -> None:
    tile = np.tile(_picture(16, 16), (6, 6))
    blurred = gaussian(tile, 1.5)[16:-16, 16:-16]
    assert len(np.unique(blurred)) == len(np.unique(blurred[:16, :16]))


def test_the_laplacian_equals_scipy_exactly() -> None:
    image = _picture(61, 53)
    np.testing.assert_array_equal(laplacian(image), ndimage.laplace(image))


@pytest.mark.parametrize("width", [1, 3, 7, 31, 91])
def test_means_over_windows_equal_scipy(width: int) -> None:
    image = _picture(61, 53)
    np.testing.assert_allclose(mean_filter(image, width), ndimage.uniform_filter(image, width), atol=1e-12)
