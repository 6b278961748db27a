"""What the scanners make of the head: blur, counts and place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import SimpleITK as sitk
from head_cases import array, head

from coconet_med.phantom import LABELS, head_phantom
from coconet_med.phantom.scan import FWHM_PER_SIGMA, emission_image


def test_the_blur_of_a_point_is_the_stated_width() -> None:
    size, spacing = 101, 2.0
    point = sitk.Image(size, size, size, sitk.sitkFloat32)
    point.SetSpacing([spacing] * 3)
    point.SetOrigin([-100.0] * 3)
    point[50, 50, 50] = 1e6
    still = sitk.Euler3DTransform()
    options = {"tilt": (5.0, -3.0, 8.0), "relative_noise": 0.0, "reference": 1.0, "seed": 0}
    image = emission_image(point, spacing=2.0, fwhm=6.0, true_transform=still, **options)
    values = array(image).astype(float)
    index = np.argwhere(values > 1e-4 * values.max())
    weight = values[tuple(index.T)]
    deviation = index - np.average(index, axis=0, weights=weight)
    sigma = np.sqrt(np.average((deviation * spacing) ** 2, axis=0, weights=weight))
    np.testing.assert_allclose(sigma * FWHM_PER_SIGMA, 6.0, rtol=0.04)
    peak = image.TransformContinuousIndexToPhysicalPoint(np.average(index, axis=0, weights=weight)[::-1].tolist())
    np.testing.assert_allclose(peak, (0, 0, 0), atol=0.05)


def test_the_functional_grid_is_its_own() -> None:
    phantom = head_phantom(spacing=4.0, pet_tilt=(5.0, -3.0, 8.0))
    assert phantom.pet.GetSpacing() == (2.0, 2.0, 2.0)
    assert phantom.pet.GetDirection() != phantom.t1.GetDirection()
    direction = np.reshape(phantom.pet.GetDirection(), (3, 3))
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-12)


def test_spect_is_coarser_and_in_counts() -> None:
    phantom = head_phantom(spacing=4.0, function="spect")
    assert phantom.pet.GetSpacing() == (4.0, 4.0, 4.0)
    assert (phantom.units, phantom.modality, phantom.fwhm) == ("counts", "NM", 10.0)


@pytest.mark.parametrize(
    ("misalign", "tilt"),
    [
        (None, (0.0, 0.0, 0.0)),
        (None, (6.0, -4.0, 9.0)),
        (((4.0, -6.0, 10.0), (7.0, -5.0, 9.0)), (0.0, 0.0, 0.0)),
        (((-5.0, 3.0, 8.0), (-9.0, 6.0, -4.0)), (5.0, -3.0, 8.0)),
    ],
    ids=["aligned", "oblique", "moved", "moved and oblique"],
)
def test_the_true_transform_lays_the_functional_image_on_the_anatomy(misalign: Any, tilt: Any) -> None:
    phantom = head_phantom(spacing=3.0, noise=0.0, misalign=misalign, pet_tilt=tilt)
    back = array(sitk.Resample(phantom.pet, phantom.t1, phantom.true_transform))
    sigma = phantom.fwhm / FWHM_PER_SIGMA / 3.0
    truth = scipy.ndimage.gaussian_filter(array(phantom.true_uptake), sigma)
    inner = (slice(12, -6),) * 3  # away from the neck, which leaves the field of view
    assert np.corrcoef(back[inner].ravel(), truth[inner].ravel())[0, 1] > 0.99
    hot = phantom.lesions[0]
    there = phantom.true_transform.TransformPoint(hot.center)
    near = sitk.Cast(phantom.pet > 0.75 * array(phantom.pet).max(), sitk.sitkUInt8)
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(near)
    np.testing.assert_allclose(statistics.GetCentroid(1), there, atol=1.0)
    if misalign is not None:
        assert np.linalg.norm(np.subtract(there, hot.center)) > 5


def test_noise_follows_the_counts_and_can_be_left_out() -> None:
    clean, noisy = head(spacing=4.0), head_phantom(spacing=4.0, noise=1.0)
    difference, level = array(noisy.pet) - array(clean.pet), array(clean.pet)
    high, low = level > 14000, (level > 2000) & (level < 5000)
    assert 0.03 < difference[high].std() / level[high].mean() < 0.08
    ratio = (difference[high].var() / level[high].mean()) / (difference[low].var() / level[low].mean())
    assert 0.6 < ratio < 1.4
    assert array(noisy.pet).min() >= 0
    outside = scipy.ndimage.binary_erosion(array(clean.labels) == LABELS["background"], iterations=2, border_value=1)
    air = array(noisy.t1)[outside]
    assert air.mean() == pytest.approx(1.253 * 0.022 * 620, rel=0.15)  # Rayleigh: the magnitude of pure noise
