"""The peak is that of IBSI's definition."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.measure.peak import RADIUS_MM, coarse, sphere_means


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.5, 2.5, 4.0)])
def test_the_peak_is_the_highest_mean_of_a_sphere_of_1_ml(spacing) -> None:
    rng = np.random.default_rng(4)
    values = rng.random((9, 12, 15))
    valid = rng.random(values.shape) > 0.1
    means = sphere_means(values, spacing, valid=valid)
    points = np.stack(np.meshgrid(*(np.arange(n) for n in values.shape), indexing="ij"), -1) * spacing[::-1]
    for at in [(0, 0, 0), (4, 6, 7), (8, 11, 14), (3, 0, 9)]:
        near = (np.linalg.norm(points - points[at], axis=-1) <= RADIUS_MM) & valid
        assert means[at] == pytest.approx(values[near].mean(), rel=1e-9)
    assert 4 / 3 * np.pi * RADIUS_MM**3 == pytest.approx(1000)


@pytest.mark.parametrize(("spacing", "inside"), [((8.0, 8.0, 8.0), 1), ((7.0, 7.0, 3.0), 5), ((4.0, 4.0, 5.0), None)])
def test_voxels_that_are_too_large_for_a_peak_are_reported(spacing, inside) -> None:
    said = coarse(spacing)
    assert bool(said) == (inside is not None)
    assert inside is None or f" mm {inside} lie" in said
