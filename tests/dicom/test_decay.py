"""Decay: the mean count time by numerical integration, the factor by hand, half-lives by any name."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.dicom.decay import HALF_LIVES_S, half_life_of, known_half_life, mean_count_time, suvbw_factor


@pytest.mark.parametrize("half_life", [75.45, 122.24, 1221.8, 6586.2, 282276.0])
@pytest.mark.parametrize("duration", [1.0, 60.0, 1200.0])
def test_at_the_mean_count_time_activity_is_the_mean_of_the_frame(half_life, duration):
    edges = np.linspace(0.0, duration, 200001)
    middles = (edges[1:] + edges[:-1]) / 2
    mean = np.mean(0.5 ** (middles / half_life))
    assert 0.5 ** (mean_count_time(duration, half_life) / half_life) == pytest.approx(mean, rel=1e-9)


def test_a_frame_that_hardly_decays_has_its_middle():
    assert mean_count_time(0.001, 1e7) == pytest.approx(0.0005, rel=1e-6)


def test_the_factor_is_that_by_hand():
    # 70 kg, 200 MBq; after one half-life 100 MBq are left in 70000 g: 1 Bq/ml is 70000 / 1e8.
    assert suvbw_factor(weight_kg=70, dose_bq=2e8, decay_s=6586.2, half_life_s=6586.2) == pytest.approx(7e-4)
    assert suvbw_factor(weight_kg=70, dose_bq=2e8, decay_s=-6586.2, half_life_s=6586.2) == pytest.approx(1.75e-4)


@pytest.mark.parametrize(
    ("name", "nuclide"),
    [
        ("F18", "F18"),
        ("18F", "F18"),
        ("^18^Fluorine", "F18"),
        ("F^18^[^18^Fluorine]", "F18"),
        ("C11", "C11"),
        ("^11^Carbon", "C11"),
        ("^68^Gallium", "Ga68"),
        ("Zr-89", "Zr89"),
        ("^82^Rubidium", "Rb82"),
        ("^124^Iodine", "I124"),
        ("Cu64", "Cu64"),
    ],
)
def test_half_lives_are_found_by_the_names_in_use(name, nuclide):
    assert half_life_of(name) == HALF_LIVES_S[nuclide]


@pytest.mark.parametrize("name", ["", "FDG", "^99m^Technetium", "In111", "F20", "C", "F18, C11", "Ga-68 and F-18"])
def test_an_unknown_name_has_no_half_life(name):
    assert half_life_of(name) is None


def test_half_lives_of_scanners_are_known_and_slips_are_not():
    assert all(known_half_life(value) for value in (6586.2, 6588.0, 1223.0, 1224.0, 4057.0, 76.4, 282240.0))
    assert not any(known_half_life(value) for value in (109.77, 20.4, 3600.0))
