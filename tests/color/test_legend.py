"""A legend shows the colors of its map, with the window's numbers beside it."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.color import decode
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.legend import _ticks, legend, with_legend
from coconet_med.errors import OptionError


@pytest.mark.parametrize("name", COLORMAPS)
@pytest.mark.parametrize("background", ["dark", "light"])
def test_every_map_has_a_legend_of_the_height_asked_for(name: str, background: str) -> None:
    bar = legend(name, 0, 8, "SUVbw", height=200, background=background)
    assert bar.shape[0] == 200
    assert bar.dtype == np.uint8
    assert bar[0, 0].tolist() == ([0, 0, 0] if background == "dark" else [255, 255, 255])


def test_uptake_decoded_along_the_bar_runs_from_full_to_none() -> None:
    bar = legend("uptake", 0, 8, "SUVbw", height=400)
    column = bar[:, 30]  # inside the bar, at middling lightness
    colored = np.flatnonzero(np.ptp(column.astype(int), axis=1) > 20)
    decoded = decode(column[colored[0] : colored[-1] + 1])
    assert decoded[0] > 0.99
    assert decoded[-1] < 0.15
    assert np.diff(decoded).max() <= 0.005


def test_ticks_hold_both_ends_and_round_numbers_between() -> None:
    assert _ticks(0, 8.7) == [(0, "0"), (2, "2"), (4, "4"), (6, "6"), (8, "8"), (8.7, "8.7")]
    assert [text for _, text in _ticks(0, 1)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [text for _, text in _ticks(-1, 1)] == ["-1.0", "-0.5", "0.0", "0.5", "1.0"]
    assert [text for _, text in _ticks(0, 4e6)][-1] == "4e+06"


@pytest.mark.parametrize("window", [(1e-7, 2e-7), (0, 1e9), (-0.003, 0.004), (100, 100.5), (1e6, 1e6 + 3)])
def test_ticks_of_unusual_windows_stay_readable(window: tuple[float, float]) -> None:
    ticks = _ticks(*window)
    assert 3 <= len(ticks) <= 9
    assert all(len(text) <= 12 for _, text in ticks)
    assert len({text for _, text in ticks}) == len(ticks)


def test_text_stays_inside_the_picture() -> None:
    bar = legend("uptake", 0, 123456.7, "a long unit of uptake", height=256)
    assert not bar[:, -2:].any()
    assert not bar[-2:].any()
    assert bar[:, -40:].any()


@pytest.mark.parametrize("shape", [(300, 200, 3), (300, 200), (100, 200, 3)])
def test_the_legend_stands_to_the_right_of_an_untouched_picture(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    bar = legend("uptake", 0, 1, "relative", height=200)
    out = with_legend(picture, bar)
    assert out.shape == (max(shape[0], 200), 200 + bar.shape[1], 3)
    top = (len(out) - shape[0]) // 2
    expected = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)
    np.testing.assert_array_equal(out[top : top + shape[0], :200], expected)
    top = (len(out) - 200) // 2
    np.testing.assert_array_equal(out[top : top + 200, 200:], bar)


def test_windows_and_sizes_that_make_no_legend_are_refused() -> None:
    with pytest.raises(OptionError, match="rise from low to high"):
        legend("uptake", 1, 1, "SUVbw")
    with pytest.raises(OptionError, match="rise from low to high"):
        legend("uptake", 0, float("inf"), "SUVbw")
    with pytest.raises(OptionError, match="96 or more pixels"):
        legend("uptake", 0, 1, "SUVbw", height=20)
    with pytest.raises(OptionError, match="unknown color map"):
        legend("jet", 0, 1, "SUVbw")
    with pytest.raises(OptionError, match="one uint8 picture"):
        with_legend(np.zeros((4, 4, 3)), legend("uptake", 0, 1, "SUVbw"))
