"""A volume on another grid, whole or in parts: the same values, and a fusion that keeps no whole one gives the same."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med import fuse
from coconet_med.align import resampled
from coconet_med.align.grid import field_of_view, resample
from coconet_med.align.resampled import Resampled
from coconet_med.slices import slicing_of

PLANES = ["axial", "coronal", "sagittal"]


def volume(size, spacing, seed, turn=0.2):
    image = sitk.GetImageFromArray(np.random.default_rng(seed).random(size[::-1]).astype(np.float32))
    image.SetSpacing(spacing)
    c, s = np.cos(turn), np.sin(turn)
    image.SetDirection((c, -s, 0, s, c, 0, 0, 0, -1))
    image.SetOrigin((3.0, -2.0, 20.0))
    return image


@pytest.fixture
def small(monkeypatch):
    """What counts as too large to be kept."""
    monkeypatch.setattr(resampled, "KEPT_VOXELS", 10)


@pytest.mark.parametrize("plane", PLANES)
def test_parts_have_the_values_of_the_whole(small, plane):
    grid, image = volume((14, 12, 10), (2.0, 2.0, 3.0), 0), volume((9, 8, 7), (4.0, 4.0, 3.5), 1, turn=0.0)
    move = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.05, 0.2, (3.0, 1.0, -2.0))
    whole = resample(image, grid, move, background=-5.0)
    made = Resampled(image, grid, move, -5.0)
    assert not made.kept
    slicing = slicing_of(grid, plane=plane)
    stack, slices = slicing.stack(sitk.GetArrayFromImage(whole)), made.stack(slicing)
    assert slices.shape == stack.shape
    where = np.array([0, 1, 4, 5, 6, stack.shape[0] - 1])
    np.testing.assert_allclose(slices[where], stack[where], atol=1e-5)
    inside = slicing.stack(sitk.GetArrayFromImage(field_of_view(image, grid, move)) > 0)
    assert (slices.inside(where) == inside[where]).all()
    assert not made.kept
    below, above = made.count_beyond(0.3, 0.6)
    values = sitk.GetArrayFromImage(whole)
    assert (below, above) == ((values < np.float32(0.3)).sum(), (values > np.float32(0.6)).sum())
    np.testing.assert_array_equal(sitk.GetArrayFromImage(made.image), values)
    np.testing.assert_allclose(sitk.GetArrayFromImage(made.divided_by(4.0).image), values / 4, rtol=1e-6)


@pytest.mark.parametrize("plane", PLANES)
def test_a_large_volume_is_fused_as_a_small_one(head, plane, monkeypatch):
    mri, pet = head.t1, head.pet[4:-3, 3:-4, 2:-4]  # cut, so that there are voxels without data
    options = {"register": "never", "plane": plane, "window": (0.0, 200.0), "threshold": "5%"}
    kept = fuse(mri, pet, **options)
    assert kept.kept_luminance is not None
    monkeypatch.setattr(resampled, "KEPT_VOXELS", 10)
    made = fuse(mri, pet, **options)
    assert made.kept_luminance is None
    assert not made.alignment.resampled.kept
    assert any("above the window" in words for words in kept.warnings)
    assert made.warnings == kept.warnings
    for first, second, off in ((made.color, kept.color, 1), (made.luminance, kept.luminance, 2e-3)):
        a, b = (sitk.GetArrayFromImage(image).astype(float) for image in (first, second))
        assert np.abs(a - b).max() <= off
        assert np.mean(a != b) < 0.01
    np.testing.assert_array_equal(sitk.GetArrayFromImage(made.uptake), sitk.GetArrayFromImage(kept.uptake))
