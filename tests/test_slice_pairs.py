"""Pairs of slices: scaled, with the size of signed values, and dark where neither volume shows anything."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med import slice_pairs
from coconet_med.slice_pairs import SlicePairs, some
from coconet_med.slices import Slicing
from coconet_med.windowing.window import Window

AXIAL = Slicing("axial", (0, 1, 2), ())


def _volume(level: float, lit: list[int], slices: int = 6) -> np.ndarray:
    volume = np.zeros((slices, 5, 7), np.float32)
    volume[lit, 2, 3] = level
    return volume


def test_the_network_sees_the_size_of_signed_values_and_the_sign_is_kept() -> None:
    function = _volume(0.5, [1])
    function[2, 2, 3] = -0.8
    pairs = SlicePairs(_volume(0.3, [1, 2]), function, slicing=AXIAL)
    assert pairs.shape == (6, 5, 7)
    image, signed = pairs[np.array([1, 2])]
    assert image.shape == (2, 2, 5, 7)
    assert image[:, 1, 2, 3] == pytest.approx([0.5, 0.8])
    assert signed[:, 2, 3] == pytest.approx([0.5, -0.8])


def test_windows_bring_both_volumes_to_their_range() -> None:
    windows = Window(100, 300, "relative", "robust"), Window(0, 8, "SUV", "given")
    image, function = SlicePairs(_volume(200, [0]), _volume(2, [0]), slicing=AXIAL, windows=windows)[np.array([0])]
    assert image[0, :, 2, 3] == pytest.approx([0.5, 0.25])
    np.testing.assert_array_equal(function, image[:, 1])


@pytest.mark.parametrize("batch", [1, 35, 1000])
def test_a_slice_is_lit_by_either_volume_and_by_values_below_0(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slice_pairs, "BATCH_PIXELS", batch)
    function = _volume(0.5, [3])
    function[4, 2, 3] = -0.5
    assert SlicePairs(_volume(0.5, [1]), function, slicing=AXIAL).lit.tolist() == [
        False,
        True,
        False,
        True,
        True,
        False,
    ]


def test_the_uptake_is_made_for_dark_slices_of_the_anatomy_only() -> None:
    asked: list[int] = []

    class Made:
        def __getitem__(self, where: np.ndarray) -> np.ndarray:
            asked.extend(where.tolist())
            return _volume(0.5, [5])[where]

    assert SlicePairs(_volume(0.5, [1, 2]), Made(), slicing=AXIAL).lit.tolist() == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]  # type: ignore[arg-type]
    assert asked == [0, 3, 4, 5]


def test_numbers_are_taken_some_at_a_time() -> None:
    assert [part.tolist() for part in some(np.arange(5), 2)] == [[0, 1], [2, 3], [4]]
    assert [part.tolist() for part in some(np.arange(2), 0)] == [[0], [1]]
    assert some(np.arange(0), 3) == []
