"""Pseudo-color pictures that are a little off their palette give their levels, or are refused with the bound named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.color.known_palettes import known_palettes, recognize
from coconet_med.color.palettes import load_palette
from coconet_med.color.unpainted import MOST_LOST, unpaint
from coconet_med.errors import OptionError, ReadError
from coconet_med.phantom import slice_pair
from coconet_med.quality.ranks import spearman


@pytest.fixture(scope="module")
def level() -> np.ndarray:
    """Uptake of a generated slice in [0, 1], with a focus at the top."""
    pet = slice_pair(96)[1].astype(float)
    y, x = np.mgrid[:96, :96]
    focus = np.exp(-((y - 40) ** 2 + (x - 48) ** 2) / 20)
    sharp = sitk.GetImageFromArray(np.maximum(0.7 * pet / pet.max(), focus))
    smooth = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sharp, 1.5))  # as PET is
    return np.clip(smooth / smooth.max(), 0, 1)


def _painted(level: np.ndarray, table: np.ndarray) -> np.ndarray:
    return table[np.rint(level * (len(table) - 1)).astype(int)]


def _jpeg(rgb: np.ndarray, quality: int, *, halved: bool) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality, subsampling=2 if halved else 0)
    return np.asarray(Image.open(stream).convert("RGB"))


def _error(found: np.ndarray, level: np.ndarray) -> float:
    """Mean absolute error in percent where there is uptake."""
    return 100 * float(np.abs(found - level)[level > 0.02].mean())


def _flat_anatomy(level: np.ndarray) -> np.ndarray:
    anatomy = np.full(level.shape, 90, np.uint8)
    anatomy[0, 0] = 0
    return anatomy


@pytest.mark.parametrize("name", ["hot", "hot-iron", "rainbow", "jet", "atlas-pet", "atlas-spect", "dicom-pet"])
def test_jpeg_screenshots_and_other_samplings_of_a_palette_are_accepted(level: np.ndarray, name: str) -> None:
    table = load_palette(name)
    exact = _painted(level, table)
    whole = np.rint(level * 255) / 255
    assert _error(unpaint(exact, table).level, whole) < 1e-4
    assert unpaint(exact, table).words() == ""
    assert _error(unpaint(_jpeg(exact, 90, halved=False), table).level, level) < 1.0
    halved = unpaint(_jpeg(exact, 90, halved=True), table)
    assert _error(halved.level, level) < 1.5
    assert "not in the palette, on average" in halved.words()
    small = np.asarray(Image.fromarray(exact).resize((70, 70), Image.Resampling.BILINEAR))
    truth = np.asarray(Image.fromarray(level.astype(np.float32)).resize((70, 70), Image.Resampling.BILINEAR))
    assert _error(unpaint(small, table).level, truth) < 1.0
    coarse = table[np.rint(np.linspace(0, 255, 100)).astype(int)]
    assert _error(unpaint(exact, coarse).level, whole) < 0.35  # steps of coarse tables are uneven by half a level


def test_colors_rounded_otherwise_are_their_entries(level: np.ndarray) -> None:
    table = load_palette("atlas-pet")[::2]
    moved = table.astype(int)
    moved[1:, :2] += np.random.default_rng(0).choice([-1, 1], (len(table) - 1, 2))
    moved = np.clip(moved, 0, 255).astype(np.uint8)
    found = unpaint(_painted(level, moved), table)
    assert _error(found.level, np.rint(level * (len(table) - 1)) / (len(table) - 1)) < 1e-4
    assert 0.5 < found.mean_off <= found.largest_off < 1.5


def test_writing_over_the_picture_takes_the_level_of_its_neighbors(level: np.ndarray) -> None:
    table = load_palette("rainbow")
    rgb = _painted(level, table)
    rgb[55, 20:80] = rgb[30:70, 60] = (255, 255, 255)  # a cross-hair
    found = unpaint(rgb, table)
    assert 0 < found.filled < MOST_LOST
    assert np.abs(found.level - level).max() < 0.2
    assert _error(found.level, level) < 0.5


def test_a_patch_of_other_colors_and_another_palette_are_refused(level: np.ndarray) -> None:
    table = load_palette("rainbow")
    rgb = _painted(level, table)
    rgb[50:58, 50:58] = (255, 255, 255)
    with pytest.raises(ReadError, match=r"a region of the picture.*RGB \(255, 255, 255\)"):
        unpaint(rgb, table)
    for other in ("hot", "hot-metal", "dicom-pet", "atlas-spect"):
        with pytest.raises(ReadError, match=r"over 16 of 441 away; at most 35% may be.*farthest RGB"):
            unpaint(_painted(level, load_palette(other)), table)
    with pytest.raises(ReadError, match="3 channels last"):
        unpaint(level, table)


@pytest.mark.parametrize("name", known_palettes())
def test_known_palettes_are_recognized_in_png_and_jpeg(level: np.ndarray, name: str) -> None:
    rgb = _painted(level, load_palette(name))
    for picture in (rgb, _jpeg(rgb, 90, halved=False)):
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
        assert recognize(_painted(level, np.rint(255 * made).astype(np.uint8))) is None
    low = np.clip(0.2 * level, 0, 1)  # so little of a palette that it may be of several
    assert recognize(_painted(low, load_palette("hot"))) is None


def test_without_a_palette_the_hottest_focus_is_not_darker_than_its_surroundings(level: np.ndarray, mean_model) -> None:
    mri = _flat_anatomy(level)
    rgb = _painted(level, load_palette("atlas-pet"))
    known = coconet_med.fuse(mri, rgb, model=mean_model)
    light = sitk.GetArrayFromImage(known.luminance)
    assert light[40, 48] == light.max()
    assert known.colormap == "uptake"
    assert known.sidecar()["sources"]["function"]["details"]["palette"] == "atlas-pet"
    assert any("palette atlas-pet, as its colors show" in warning for warning in known.warnings)
    kept = coconet_med.fuse(mri, rgb, model=mean_model, palette="keep")
    assert kept.colormap is None
    assert sitk.GetArrayFromImage(kept.luminance)[40, 48] < 0.8 * light.max()
    assert any("comes out darker than its surroundings" in warning for warning in kept.warnings)
    with pytest.raises(OptionError, match="not in color"):
        coconet_med.fuse(mri, np.rint(255 * level).astype(np.uint8), palette="hot", model=mean_model)


def test_how_far_a_given_palette_is_off_is_told(level: np.ndarray, mean_model, tmp_path: Path) -> None:
    rgb = _jpeg(_painted(level, load_palette("jet")), 90, halved=False)
    result = coconet_med.fuse(_flat_anatomy(level), rgb, palette="jet", model=mean_model)
    told = result.sidecar()["sources"]["function"]["details"]["palette_deviation"]
    assert 0 < told["mean"] < told["largest"]
    assert any(f"on average {told['mean']:.1f} and at most" in warning for warning in result.warnings)


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
        assert _error(unpaint(rgb, found.table).level, truth.level) < most


@pytest.mark.parametrize("quality", [None, 90])
def test_a_black_canvas_around_jet_is_no_uptake_and_is_told(level, quality):
    table = known_palettes()["jet"]()
    y, x = np.mgrid[:96, :96]
    outside = (y - 48) ** 2 + (x - 48) ** 2 > 40**2
    rgb = _painted(level, table)
    rgb[outside] = 0
    rgb = rgb if quality is None else _jpeg(rgb, quality, halved=False)
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
    rgb = _painted(level, table)
    rgb[40, 40:56] = 0  # a line of a cross-hair over the focus
    found = unpaint(rgb, table)
    assert found.canvas == 0
    assert np.abs(found.level - level)[40, 40:56].max() < 0.2
    rgb[30:60, 30:60] = 0
    with pytest.raises(ReadError, match="no neighbor"):
        unpaint(rgb, table)
    with pytest.raises(ReadError, match="is black"):
        unpaint(np.zeros_like(rgb), table)
