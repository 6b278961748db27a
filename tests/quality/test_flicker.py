"""Flicker across slices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.blending.field import Field, Grid
from coconet_med.errors import GeometryError
from coconet_med.quality.flicker import flicker, roughness, roughness_ratio


def test_roughness_is_the_mean_absolute_second_difference() -> None:
    volume = np.zeros((4, 1, 1))
    volume[:, 0, 0] = [0, 1, 4, 9]
    assert roughness(volume) == 2.0


def test_a_result_as_steady_as_its_sources_scores_one() -> None:
    m, p = np.random.default_rng(0).integers(0, 255, (2, 5, 8, 8))
    assert flicker(m, m, m) == 1.0
    assert flicker(m, p, m) == pytest.approx(roughness(m) / ((roughness(m) + roughness(p)) / 2))


def test_a_gain_that_changes_from_slice_to_slice_flickers() -> None:
    m = np.tile(np.linspace(50, 90, 6)[:, None, None], (1, 8, 8)) + np.random.default_rng(0).normal(size=(6, 8, 8))
    gain = np.array([1, 1.3, 1, 1.3, 1, 1.3])[:, None, None]
    assert flicker(m, m, m * gain) > 5


def test_two_slices_or_smooth_sources_tell_nothing() -> None:
    assert math.isnan(flicker(*[np.ones((2, 4, 4))] * 3))
    assert math.isnan(flicker(*[np.ones((5, 4, 4))] * 3))


def test_volumes_must_share_a_grid() -> None:
    with pytest.raises(GeometryError, match="one grid"):
        flicker(np.zeros((3, 4, 4)), np.zeros((3, 4, 4)), np.zeros((3, 4, 5)))


def _wave(mm: tuple[float, float, float], shape: tuple[int, int, int], length: float) -> np.ndarray:
    """A field that is the same wave along all three axes, sampled at so many mm."""
    axes = [np.sin(2 * np.pi * np.arange(n) * step / length) for n, step in zip(shape, mm, strict=True)]
    wave = axes[0][:, None, None] + axes[1][:, None] + axes[2]
    return np.repeat(wave[:, None], 3, axis=1).astype(np.float32)


def test_a_field_as_smooth_across_slices_as_within_them_has_a_ratio_of_one_at_any_spacing() -> None:
    for slice_mm in (1.0, 2.0, 4.0):
        grid = Grid((2, 2), (slice_mm, 1.0, 1.0))
        values = _wave((slice_mm, 2.0, 2.0), (int(120 / slice_mm), 60, 60), 30.0)
        assert roughness_ratio(Field(values, grid)) == pytest.approx(1, abs=0.05)


def test_slices_that_jump_raise_the_ratio_and_pictures_have_none() -> None:
    values = _wave((2.0, 2.0, 2.0), (60, 60, 60), 30.0)
    values[::2] += 0.5
    assert roughness_ratio(Field(values, Grid((2, 2), (2.0, 1.0, 1.0)))) > 2
    assert math.isnan(roughness_ratio(Field(values[:1], Grid())))
    assert math.isnan(roughness_ratio(Field(values[:2], Grid((2, 2), (2.0, 1.0, 1.0)))))
