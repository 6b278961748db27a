"""Reading uptake back from a fused picture."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.quality.regions import find_regions
from coconet_med.quality.uptake import uptake_readings

Pair = tuple[np.ndarray, np.ndarray]


def _red_ratio(rgb: np.ndarray) -> np.ndarray:
    """Legend of a toy palette: uptake is red over (red + blue)."""
    red, blue = rgb[..., 0].astype(float), rgb[..., 2].astype(float)
    return np.divide(red, red + blue, out=np.full(red.shape, np.nan), where=red + blue > 0)


def _toy(uptake: np.ndarray) -> np.ndarray:
    return np.stack([200 * uptake, np.zeros_like(uptake), 200 * (1 - uptake)], axis=-1).round().astype(np.uint8)


def test_a_true_legend_gives_the_uptake_back(head_pair: Pair) -> None:
    m, p = head_pair
    read = uptake_readings(m, p, _toy(p / 255), p / 255, decode=_red_ratio)
    assert read["rho_uptake"] > 0.999
    assert read["uptake_mae"] < 0.3


def test_without_a_legend_brighter_is_read_as_more(head_pair: Pair) -> None:
    m, p = head_pair
    assert uptake_readings(m, p, p, p / 255) == {"rho_uptake": pytest.approx(1.0), "uptake_mae": pytest.approx(0.0)}
    assert uptake_readings(m, p, 255 - p, p / 255)["rho_uptake"] == pytest.approx(-1.0)


def test_the_error_is_in_percent_of_the_window(head_pair: Pair) -> None:
    m, p = head_pair
    shifted = np.clip(p - 25.5, 0, None).round()
    pos = find_regions(m, p).pos
    expected = 100 * np.abs(shifted - p)[pos].mean() / 255
    assert uptake_readings(m, p, shifted, p / 255)["uptake_mae"] == pytest.approx(expected)


def test_of_several_readings_the_best_counts(head_pair: Pair) -> None:
    m, p = head_pair

    def nonsense(rgb: np.ndarray) -> np.ndarray:
        return 1.0 - _red_ratio(rgb)

    both = uptake_readings(m, p, _toy(p / 255), p / 255, decode=[nonsense, _red_ratio])
    assert both == uptake_readings(m, p, _toy(p / 255), p / 255, decode=_red_ratio)


def test_what_cannot_be_read_counts_as_no_uptake(head_pair: Pair) -> None:
    m, p = head_pair
    read = uptake_readings(m, p, np.zeros((96, 96, 3), dtype=np.uint8), p / 255, decode=_red_ratio)
    assert read["rho_uptake"] == 0.0
    assert read["uptake_mae"] == pytest.approx(100 * (p / 255)[find_regions(m, p).pos].mean())


def test_no_hot_region_means_nothing_to_read(head_pair: Pair) -> None:
    nothing = np.zeros((96, 96))
    assert all(math.isnan(v) for v in uptake_readings(head_pair[0], nothing, nothing, nothing).values())
