"""Pseudo-color pictures become the scalars behind them, or a clear refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coconet_med.color.palettes import load_palette, scalar_from_palette
from coconet_med.errors import ReadError


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two palettes in one file, one of them not in order."""
    path = tmp_path / "tables.csv"
    path.write_text(
        "table,index,r,g,b\ncold,0,0,0,0\ncold,1,0,0,255\nwarm,2,255,255,0\nwarm,0,0,0,0\nwarm,1,255,0,0\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("name", ["hot", "hot-metal", "pet", "rainbow"])
def test_painting_through_a_palette_is_undone_exactly(name: str) -> None:
    palette = load_palette(name)
    levels = np.random.default_rng(0).integers(0, 256, (9, 7))
    scalar = scalar_from_palette(palette[levels], palette, tolerance=0)
    np.testing.assert_allclose(scalar, levels / 255, atol=1e-6)
    assert scalar.dtype == np.float32


def test_a_color_near_the_palette_takes_the_nearest_level() -> None:
    palette = np.array([[0, 0, 0], [0, 0, 200], [200, 200, 0]], np.uint8)
    near = np.array([[3, 1, 196], [190, 204, 2]], np.uint8)
    assert scalar_from_palette(near, palette).tolist() == [0.5, 1.0]


def test_a_picture_of_another_palette_is_refused() -> None:
    picture = np.array([[[0, 0, 0], [0, 255, 0]]], np.uint8)
    with pytest.raises(ReadError, match=r"50\.0% of the pixels.*RGB \(0, 255, 0\)"):
        scalar_from_palette(picture, load_palette("hot"))


def test_a_table_is_chosen_by_name_and_put_in_order(tables: Path) -> None:
    assert load_palette(f"{tables}#warm").tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 0]]


def test_a_file_with_one_palette_needs_neither_name_nor_index(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("r,g,b\n0,0,0\n10,20,30\n", encoding="utf-8")
    assert load_palette(path).tolist() == [[0, 0, 0], [10, 20, 30]]


@pytest.mark.parametrize(
    ("suffix", "match"), [("", "holds cold, warm: choose one"), ("#hot", "holds cold, warm: choose one")]
)
def test_an_unclear_choice_lists_the_tables(tables: Path, suffix: str, match: str) -> None:
    with pytest.raises(ReadError, match=match):
        load_palette(f"{tables}{suffix}")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("level,color\n0,red\n", "lacks the columns r, g, b"),
        ("r,g,b\n0,0,0\n1,x,2\n", "not index and three whole numbers"),
        ("r,g,b\n0,0,0\n", "at least 2 colors"),
        ("r,g,b\n0,0,0\n0,0,256\n", "values 0 to 255"),
        ("r,g,b\n0,0,0\n1,2\n", "not index and three whole numbers"),
        ("", "lacks the columns"),
        ("index,r,g,b\n0,0,0,0\n1,9,9,9\n1,8,8,8\n", r"has the index 1 twice, with \(8, 8, 8\) and \(9, 9, 9\)"),
        ("r,g,b,r\n0,0,0,1\n1,2,3,4\n", "has 2 columns r: delete the wrong ones"),
    ],
)
def test_a_file_that_is_no_palette_says_why(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=match):
        load_palette(path)


def test_a_missing_palette_names_the_remedies() -> None:
    with pytest.raises(ReadError, match=r"not found.*hot, hot-metal, pet, rainbow"):
        load_palette("viridis")


def test_arrays_that_are_not_rgb_are_refused() -> None:
    with pytest.raises(ReadError, match="3 channels last"):
        scalar_from_palette(np.zeros((4, 4), np.uint8), load_palette("hot"))


def test_the_atlas_tables_invert_their_own_pictures() -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "aanlib"
    picture = folder / "val" / "mri-pet" / "41_070_pet.png"
    if not picture.is_file():
        pytest.skip("atlas pictures (../shared/data) are not here")
    from PIL import Image

    palette = load_palette(f"{folder / 'colour_tables.csv'}#pet128")
    rgb = np.asarray(Image.open(picture).convert("RGB"))
    scalar = scalar_from_palette(rgb, palette, tolerance=0)
    np.testing.assert_array_equal(palette[np.rint(scalar * 127).astype(int)], rgb)
