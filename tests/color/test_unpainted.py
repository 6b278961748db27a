"""Pseudo-color pictures that are a little off their palette give their levels, or are refused with the bound named."""

from __future__ import annotations

import numpy as np
import pytest
from painted import as_jpeg, error_of, painted_through
from PIL import Image

from coconet_med.color.known_palettes import known_palettes, recognize
from coconet_med.color.palettes import load_palette
from coconet_med.color.unpainted import MOST_LOST, unpaint
from coconet_med.errors import ReadError


@pytest.mark.parametrize("name", ["hot", "hot-iron", "rainbow", "jet", "atlas-pet", "atlas-spect", "dicom-pet"])
def test_jpeg_screenshots_and_other_samplings_of_a_palette_are_accepted(level: np.ndarray, name: str) -> None:
    table = load_palette(name)
    exact = painted_through(level, table)
    whole = np.rint(level * 255) / 255
    assert error_of(unpaint(exact, table).level, whole) < 1e-4
    assert unpaint(exact, table).words() == ""
    assert error_of(unpaint(as_jpeg(exact, 90, halved=False), table).level, level) < 1.0
    halved = unpaint(as_jpeg(exact, 90, halved=True), table)
    assert error_of(halved.level, level) < 1.5
    assert "not in the palette, on average" in halved.words()
    small = np.asarray(Image.fromarray(exact).resize((70, 70), Image.Resampling.BILINEAR))
    truth = np.asarray(Image.fromarray(level.astype(np.float32)).resize((70, 70), Image.Resampling.BILINEAR))
    assert error_of(unpaint(small, table).level, truth) < 1.0
    coarse = table[np.rint(np.linspace(0, 255, 100)).astype(int)]
    assert error_of(unpaint(exact, coarse).level, whole) < 0.35  # steps of coarse tables are uneven by half a level


def test_colors_rounded_otherwise_are_their_entries(level: np.ndarray) -> None:
    table = load_palette("atlas-pet")[::2]
    moved = table.astype(int)
    moved[1:, :2] += np.random.default_rng(0).choice([-1, 1], (len(table) - 1, 2))
    moved = np.clip(moved, 0, 255).astype(np.uint8)
    found = unpaint(painted_through(level, moved), table)
    assert error_of(found.level, np.rint(level * (len(table) - 1)) / (len(table) - 1)) < 1e-4
    assert 0.5 < found.mean_off <= found.largest_off < 1.5


def test_writing_over_the_picture_takes_the_level_of_its_neighbors(level: np.ndarray) -> None:
    table = load_palette("rainbow")
    rgb = painted_through(level, table)
    rgb[55, 20:80] = rgb[30:70, 60] = (255, 255, 255)  # a cross-hair
    found = unpaint(rgb, table)
    assert 0 < found.filled < MOST_LOST
    assert np.abs(found.level - level).max() < 0.2
    assert error_of(found.level, level) < 0.5


def test_a_patch_of_other_colors_and_another_palette_are_refused(level: np.ndarray) -> None:
    table = load_palette("rainbow")
    rgb = painted_through(level, table)
    rgb[50:58, 50:58] = (255, 255, 255)
    with pytest.raises(ReadError, match=r"a region of the picture.*RGB \(255, 255, 255\)"):
        unpaint(rgb, table)
    for other in ("hot", "hot-metal", "dicom-pet", "atlas-spect"):
        with pytest.raises(ReadError, match=r"over 16 of 441 away; at most 35% may be.*farthest RGB"):
            unpaint(painted_through(level, load_palette(other)), table)
    with pytest.raises(ReadError, match="3 channels last"):
        unpaint(level, table)


@pytest.mark.parametrize("quality", [None, 90])
def test_a_black_canvas_around_jet_is_no_uptake_and_is_reported(level, quality):
    table = known_palettes()["jet"]()
    y, x = np.mgrid[:96, :96]
    outside = (y - 48) ** 2 + (x - 48) ** 2 > 40**2
    rgb = painted_through(level, table)
    rgb[outside] = 0
    rgb = rgb if quality is None else as_jpeg(rgb, quality, halved=False)
    found = unpaint(rgb, table)
    deep = (y - 48) ** 2 + (x - 48) ** 2 > 44**2
    assert found.level[deep].max() < 1e-3
    inside = (y - 48) ** 2 + (x - 48) ** 2 < 36**2
    assert np.abs(found.level - level)[inside].max() < (0.004 if quality is None else 0.15)
    assert found.canvas == pytest.approx(outside.mean(), abs=0.04)
    assert "black canvas" in found.words()
    assert quality or recognize(rgb) is not None


def test_black_inside_of_a_jet_picture_is_no_canvas(level):
    table = known_palettes()["jet"]()
    rgb = painted_through(level, table)
    rgb[40, 40:56] = 0  # a line of a cross-hair over the focus
    found = unpaint(rgb, table)
    assert found.canvas == 0
    assert np.abs(found.level - level)[40, 40:56].max() < 0.2
    rgb[30:60, 30:60] = 0
    with pytest.raises(ReadError, match="no neighbor"):
        unpaint(rgb, table)
    with pytest.raises(ReadError, match="is black"):
        unpaint(np.zeros_like(rgb), table)
