"""A small head: textured anatomy, smooth hot spot, black background."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from coconet_med.phantom import slice_pair


@pytest.fixture(scope="session")
def head_pair() -> tuple[np.ndarray, np.ndarray]:
    """Anatomy and function ``(96, 96)`` float64 of whole numbers 0..255, black outside an ellipse."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[-48:48, -48:48]
    inside = (x / 36.0) ** 2 + (y / 42.0) ** 2 < 1.0
    texture = ndimage.gaussian_filter(rng.normal(size=inside.shape), 1.5)
    anatomy = np.where(inside, np.clip(110 + 260 * texture, 15, 255), 0.0)
    uptake = 220 * np.exp(-((x - 10) ** 2 + (y + 8) ** 2) / (2 * 14.0**2)) + 40 * np.exp(-(x**2 + y**2) / 3000.0)
    function = np.where(inside, np.clip(uptake, 0, 255), 0.0)
    return np.round(anatomy), np.round(function)


@pytest.fixture
def noise_triple() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three unrelated textured pictures ``(61, 53)`` of whole numbers 0..255 with some flat parts."""
    rng = np.random.default_rng(11)
    pictures = []
    for _ in range(3):
        picture = np.round(np.clip(128 + 300 * ndimage.gaussian_filter(rng.normal(size=(61, 53)), 1.2), 0, 255))
        picture[:9, :14] = 0.0
        picture[30:36, 20:30] = 255.0
        pictures.append(picture)
    return tuple(pictures)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """A folder laid out like the developers' data, with two generated pairs of two persons."""
    from coconet_med.color.colormaps import get_colormap

    table = get_colormap("rainbow").palette()[::4]
    table[0] = 0
    assert len(np.unique(table, axis=0)) == len(table)
    (tmp_path / "val" / "mri-pet").mkdir(parents=True)
    with (tmp_path / "colour_tables.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "index", "r", "g", "b"])
        writer.writerows(["t", n, *color] for n, color in enumerate(table.tolist()))
    for person in (1, 2):
        mri, pet = slice_pair(64, seed=person)
        index = np.minimum(pet // 4, len(table) - 1)
        Image.fromarray(mri).save(tmp_path / "val" / "mri-pet" / f"{person}_001_mri.png")
        Image.fromarray(table[index].astype(np.uint8)).save(tmp_path / "val" / "mri-pet" / f"{person}_001_pet.png")
    return tmp_path
