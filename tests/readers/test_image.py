"""Pictures: gray levels as stored, color only where it means uptake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from coconet_med.errors import ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(1)
GREY = RNG.integers(0, 256, (20, 30), dtype=np.uint8)


def written(folder: Path, array: np.ndarray, name: str = "a.png") -> Path:
    Image.fromarray(array).save(folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_gray_levels_come_as_stored(tmp_path: Path, name: str) -> None:
    source = read(written(tmp_path, GREY, name), "anatomy")
    assert source.planar
    assert np.array_equal(sitk.GetArrayFromImage(source.image)[0], GREY)
    assert source.details["display_range"] == [0, 255]


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    array = RNG.integers(0, 60000, (20, 30)).astype(np.uint16)
    source = read(written(tmp_path, array), "function")
    assert np.array_equal(sitk.GetArrayFromImage(source.image)[0], array)
    assert "display_range" not in source.details


def test_float_tiff_is_kept(tmp_path: Path) -> None:
    array = RNG.normal(size=(20, 30)).astype(np.float32)
    source = read(written(tmp_path, array, "a.tiff"), "function")
    assert np.array_equal(sitk.GetArrayFromImage(source.image)[0], array)


def test_gray_stored_as_rgb_is_gray(tmp_path: Path) -> None:
    source = read(written(tmp_path, np.stack([GREY] * 3, -1)), "anatomy")
    assert source.color is None
    assert np.array_equal(sitk.GetArrayFromImage(source.image)[0], GREY)


def test_color_is_for_the_functional_image_alone(tmp_path: Path) -> None:
    rgb = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    path = written(tmp_path, rgb)
    source = read(path, "function")
    assert np.array_equal(sitk.GetArrayFromImage(source.color)[0], rgb)
    with pytest.raises(ReadError, match="anatomical image is in color"):
        read(path, "anatomy")


def test_opaque_alpha_is_dropped_and_transparency_reported(tmp_path: Path) -> None:
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    assert read(written(tmp_path, rgba), "anatomy").warnings == ()
    rgba[5, 5, 3] = 0
    source = read(written(tmp_path, rgba), "anatomy")
    assert source.image[5, 5, 0] == 0
    assert "transparent" in source.warnings[0]


def test_the_orientation_tag_of_a_photo_is_obeyed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    assert read(tmp_path / "a.png", "anatomy").image.GetSize() == (20, 30, 1)


def test_several_pages_are_refused(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY) for _ in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ReadError, match="3 pages"):
        read(tmp_path / "a.tif", "anatomy")


def test_a_picture_with_absurdly_many_pixels_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20000, 10000)).save(tmp_path / "a.png")
    with pytest.raises(ReadError, match="more pixels"):
        read(tmp_path / "a.png", "anatomy")


def test_a_picture_cut_short_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, RNG.integers(0, 256, (200, 300), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ReadError, match="not a readable picture"):
        read(path, "anatomy")
