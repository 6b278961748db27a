"""The nearest color is exact, and fast enough for a picture whose colors are all foreign."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.spatial import KDTree

from coconet_med.color import compose, decode
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.nearest import nearest_colors


def _random_colors(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["uptake", "rainbow"])
@pytest.mark.parametrize("count", [1, 5000])
def test_distances_to_a_color_map_equal_those_of_a_tree(name: str, count: int) -> None:
    table, colors = np.unique(COLORMAPS[name].table().reshape(-1, 3), axis=0), _random_colors(count)
    index, distance = nearest_colors(colors, table)
    np.testing.assert_array_equal(distance, KDTree(table.astype(float)).query(colors)[0])
    np.testing.assert_allclose(np.linalg.norm(table[index].astype(float) - colors, axis=1), distance)


@pytest.mark.parametrize("pairs", [1, 1000, 1 << 17])
def test_the_first_of_equally_near_colors_is_taken_however_the_search_is_divided(
    pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coconet_med.color.nearest._PAIRS", pairs)
    colors, table = _random_colors(400), _random_colors(300, seed=1) // 24 * 24
    squared = ((colors[:, None].astype(int) - table.astype(int)) ** 2).sum(axis=-1)
    index, distance = nearest_colors(colors, table)
    np.testing.assert_array_equal(index, squared.argmin(axis=1))
    np.testing.assert_array_equal(distance, np.sqrt(squared.min(axis=1)))


def test_no_color_has_no_neighbor() -> None:
    index, distance = nearest_colors(np.zeros((0, 3), np.uint8), np.zeros((1, 3), np.uint8))
    assert index.shape == distance.shape == (0,)


def test_a_picture_of_foreign_colors_is_decoded_within_seconds() -> None:
    compose([[0.5]], [[0.5]])
    before = time.process_time()
    decode(_random_colors(256 * 256).reshape(256, 256, 3))
    assert time.process_time() - before < 4.0  # 0.7 s on the developers' machine
