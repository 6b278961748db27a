"""Palettes are recognized in the pictures that were painted with them, and in no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from painted import as_jpeg, error_of, painted_through
from PIL import Image

from coconet_med.color.known_palettes import known_palettes, recognize
from coconet_med.color.palettes import load_palette
from coconet_med.color.unpainted import unpaint
from coconet_med.quality.ranks import spearman


@pytest.mark.parametrize("name", known_palettes())
def test_known_palettes_are_recognized_in_png_and_jpeg(level: np.ndarray, name: str) -> None:
    rgb = painted_through(level, load_palette(name))
    for picture in (rgb, as_jpeg(rgb, 90, halved=False)):
        found = recognize(picture)
        assert found is not None
        read = unpaint(picture, found.table).level
        assert spearman(read, level, level > 0.05) > (0.97 if name == "pet-20-step" else 0.99)


def test_unknown_palettes_are_not_recognized(level: np.ndarray) -> None:
    u = np.linspace(0, 1, 256)[:, None]
    for made in (
        np.hstack([0.3 * u, u, 1 - u]),  # from blue to green
        np.hstack([u, 0.6 * u, u**2]),
        np.hstack([np.sin(6 * u) ** 2, np.cos(5 * u) ** 2, u]),
        np.hstack([1 - u, 1 - u, 1 - u]),
    ):
        assert recognize(painted_through(level, np.rint(255 * made).astype(np.uint8))) is None
    low = np.clip(0.2 * level, 0, 1)  # so little of a palette that it may be of several
    assert recognize(painted_through(low, load_palette("hot"))) is None


def test_atlas_pictures_are_recognized_and_read_by_a_path_of_five_corners() -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "aanlib"
    if not folder.is_dir():
        pytest.skip("atlas pictures (../shared/data) are not here")
    for picture, table, name, most in (
        ("val/mri-pet/41_070_pet.png", "pet128", "atlas-pet", 0.1),
        ("val/mri-spect/40_026_spect.png", "spect72", "atlas-spect", 0.35),
    ):
        rgb = np.asarray(Image.open(folder / picture).convert("RGB"))
        truth = unpaint(rgb, load_palette(f"{folder / 'colour_tables.csv'}#{table}"))
        assert truth.off == 0
        found = recognize(rgb)
        assert found is not None
        assert found.name == name
        assert error_of(unpaint(rgb, found.table).level, truth.level) < most
