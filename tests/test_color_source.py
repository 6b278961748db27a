"""``--color source``: pictures keep their own colors, as in the paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from coconet_med import fuse
from coconet_med.color import luma, ycbcr_compose
from coconet_med.commands.main import main
from coconet_med.errors import OptionError, ReadError
from coconet_med.phantom import slice_pair


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray]:
    """A picture in color and one in gray."""
    gray, infrared = slice_pair(48)
    shade = np.array((1.0, 0.8, 0.5))
    return np.rint(gray[..., None] * shade + np.array((20, 10, 40))).clip(0, 255).astype(np.uint8), infrared


def test_the_chroma_is_that_of_the_visible_picture(scene: tuple[np.ndarray, np.ndarray]):
    result = fuse(*scene, color="source")
    light, rgb = sitk.GetArrayFromImage(result.luminance), sitk.GetArrayFromImage(result.color)
    assert np.array_equal(rgb, ycbcr_compose(light, scene[0]))
    np.testing.assert_allclose(luma(rgb) / 255, light, atol=1 / 255)
    of_gray = fuse(np.rint(luma(scene[0])).astype(np.uint8), scene[1], color="source")
    np.testing.assert_allclose(sitk.GetArrayFromImage(of_gray.luminance), light, atol=2 / 255)
    assert result.sidecar()["colormap"] == "colors of the anatomical picture (YCbCr)"
    with pytest.raises(OptionError, match="uptake cannot be read"):
        result.read_uptake()


def test_gray_pictures_stay_gray(scene: tuple[np.ndarray, np.ndarray]):
    result = fuse(slice_pair(48)[0], scene[1], color="source")
    rgb = sitk.GetArrayFromImage(result.color)
    assert np.ptp(rgb, axis=-1).max() == 0
    np.testing.assert_allclose(rgb[..., 0] / 255, sitk.GetArrayFromImage(result.luminance), atol=0.51 / 255)


def test_without_it_a_colored_first_picture_is_refused_with_the_option_named(scene: tuple[np.ndarray, np.ndarray]):
    with pytest.raises(ReadError, match="--color source"):
        fuse(*scene)
    with pytest.raises(OptionError, match="--color red: choose map or source"):
        fuse(*scene, color="red")
    with pytest.raises(OptionError, match="for 2-D pictures"):
        fuse(np.random.default_rng(0).random((4, 32, 32)), scene[1], spacing=(1, 1, 1), color="source")


def test_two_colored_pictures_keep_the_colors_of_the_first_and_say_so(scene: tuple[np.ndarray, np.ndarray]):
    result = fuse(scene[0], np.stack([scene[1], scene[1] // 2, scene[1] // 3], -1), color="source")
    assert np.array_equal(
        sitk.GetArrayFromImage(result.color), ycbcr_compose(sitk.GetArrayFromImage(result.luminance), scene[0])
    )
    assert any("the colors are those of" in warning for warning in result.warnings)
    assert not any("palette" in warning for warning in result.warnings)


def test_the_command_writes_the_picture_in_its_colors(scene: tuple[np.ndarray, np.ndarray], tmp_path: Path):
    for name, picture in zip(("visible", "infrared"), scene, strict=True):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    out = tmp_path / "fused.png"
    with pytest.raises(SystemExit) as left:
        main(
            [
                "fuse",
                *(str(tmp_path / f"{n}.png") for n in ("visible", "infrared")),
                "--color",
                "source",
                "-o",
                str(out),
            ]
        )
    assert left.value.code in (0, None)
    fused = np.asarray(Image.open(out).convert("RGB")).astype(float)
    chroma = [(picture[..., 2] - luma(picture)).ravel() for picture in (fused, scene[0])]
    assert np.corrcoef(*chroma)[0, 1] > 0.9
