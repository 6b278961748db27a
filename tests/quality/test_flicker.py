"""Flicker across slices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.errors import GeometryError
from coconet_med.quality.flicker import flicker, roughness


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
