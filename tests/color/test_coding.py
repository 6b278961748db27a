"""Colors are truthful: lightness is the fused luminance, and uptake can be read back."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.color import compose, decode, luma, ycbcr_compose
from coconet_med.color.colormaps import COLORMAPS, get_colormap
from coconet_med.errors import OptionError

GRID = np.meshgrid(np.linspace(0, 1, 256), np.linspace(0, 1, 256), indexing="ij")
LUMINANCE, UPTAKE = GRID


def _oklch_hue(rgb: np.ndarray) -> np.ndarray:
    """Hue in degrees of sRGB uint8 (B. Ottosson, "A perceptual color space for image processing", 2020)."""
    encoded = rgb / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(
        linear
        @ np.array(
            [
                [0.4122214708, 0.2119034982, 0.0883024619],
                [0.5363325363, 0.6806995451, 0.2817188376],
                [0.0514459929, 0.1073969566, 0.6299787005],
            ]
        )
    )
    a = lms @ np.array([1.9779984951, -2.4285922050, 0.4505937099])
    b = lms @ np.array([0.0259040371, 0.7827717662, -0.8086757660])
    return np.degrees(np.arctan2(b, a))


@pytest.mark.parametrize("name", COLORMAPS)
def test_no_uptake_is_exactly_gray(name: str) -> None:
    rgb = compose(np.linspace(0, 1, 256), np.zeros(256), colormap=name)
    np.testing.assert_array_equal(rgb, np.repeat(np.arange(256)[:, None], 3, axis=1))


@pytest.mark.parametrize(("name", "contrast"), [("uptake", 0.84), ("ember", 0.9), ("ct", 0.79)])
def test_y_rises_with_the_luminance_at_any_uptake_and_keeps_its_contrast(name: str, contrast: float) -> None:
    y = luma(compose(LUMINANCE, UPTAKE, colormap=name))
    assert np.diff(y, axis=0).min() > 0
    assert ((y[-1] - y[0]) / 255).min() > contrast
    assert np.abs(y / 255 - LUMINANCE).max() < 0.15


@pytest.mark.parametrize("name", ["uptake", "ember"])
def test_uptake_decodes_within_three_percent_of_the_window_at_every_luminance(name: str) -> None:
    error = np.abs(decode(compose(LUMINANCE, UPTAKE, colormap=name), colormap=name) - UPTAKE)
    assert error.mean(axis=1).max() < 0.015
    assert error.max() < 0.09


@pytest.mark.parametrize("name", ["uptake", "ember"])
def test_decoded_uptake_keeps_its_order_in_black_gray_and_white_anatomy(name: str) -> None:
    for light in (0.0, 0.02, 0.5, 1.0):
        decoded = decode(compose(np.full(256, light), np.linspace(0, 1, 256), colormap=name), colormap=name)
        assert np.corrcoef(np.argsort(np.argsort(decoded, kind="stable")), np.arange(256))[0, 1] > 0.98


@pytest.mark.parametrize("light", [60, 128, 200])
def test_hue_of_the_default_map_runs_one_way_from_blue_to_gold(light: int) -> None:
    steps = compose(np.full(18, light / 255), np.linspace(0.1, 1, 18))
    hue = np.unwrap(_oklch_hue(steps), period=360)
    assert np.diff(hue).min() > 0
    assert hue[-1] - hue[0] > 180


@pytest.mark.parametrize("name", ["uptake", "ember"])
def test_what_is_cut_off_at_the_top_of_the_window_reads_as_equal(name: str) -> None:
    """Bone in a CT: half of what is high is the top, and must not get an order from rounding."""
    light, steps = np.linspace(0.25, 1, 96), np.arange(256)
    read = decode(compose(*np.meshgrid(light, steps / 255, indexing="ij"), colormap=name), colormap=name)
    assert (read[:, 255] == 1).all()
    assert steps[(read == 1).any(0)].min() >= 252


def test_gray_decodes_to_zero_uptake() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert not decode(gray).any()


def test_a_color_that_the_map_does_not_hold_takes_the_nearest_one() -> None:
    rgb = compose(np.full(64, 0.5), np.linspace(0.2, 1, 64)).astype(int)
    shifted = np.clip(rgb + np.array([2, -2, 2]), 0, 255).astype(np.uint8)
    np.testing.assert_allclose(decode(shifted), np.linspace(0.2, 1, 64), atol=0.04)


def test_one_percent_of_uptake_noise_in_air_stays_invisible() -> None:
    noise = np.abs(np.random.default_rng(1).normal(0, 0.01, 10_000)).clip(0, 1)
    rgb = compose(np.zeros_like(noise), noise)
    assert luma(rgb).max() < 2
    assert rgb.max() <= 3


def test_strength_is_a_linear_weight_of_the_color() -> None:
    whole = compose(LUMINANCE, UPTAKE).astype(float)
    gray = np.repeat(LUMINANCE[..., None] * 255, 3, axis=-1)
    half = compose(LUMINANCE, UPTAKE, strength=0.5)
    assert np.abs(half - (whole + gray) / 2).max() < 2
    np.testing.assert_array_equal(compose(LUMINANCE, UPTAKE, strength=0), np.rint(gray))
    assert np.abs(decode(half, strength=0.5) - UPTAKE).mean() < 0.01


def test_a_volume_is_colored_like_its_voxels_across_chunk_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    luminance, uptake = rng.random((2, 5, 7, 11), dtype=np.float32)
    whole = compose(luminance, uptake)
    monkeypatch.setattr("coconet_med.color.coding._CHUNK", 13)
    assert whole.shape == (5, 7, 11, 3)
    np.testing.assert_array_equal(compose(luminance, uptake), whole)
    np.testing.assert_array_equal(compose(luminance[2, 3, 4], uptake[2, 3, 4]), whole[2, 3, 4])
    np.testing.assert_allclose(decode(whole), uptake, atol=0.06)


def test_empty_arrays_give_an_empty_picture() -> None:
    assert compose(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0, 4, 3)


@pytest.mark.parametrize(
    ("luminance", "uptake", "match"),
    [
        ([0.5, np.nan], [0.0, 0.0], "luminance .* NaN"),
        ([0.5, 0.5], [0.0, np.inf], "uptake .* NaN or infinite"),
        ([0.5, 128.0], [0.0, 0.0], r"luminance must lie in \[0, 1\]"),
        ([0.5, 0.5], [0.0, -0.2], r"uptake must lie in \[0, 1\]"),
        ([0.5, 0.5], [0.0], "differ in shape"),
    ],
)
def test_values_that_cannot_be_colored_are_refused(luminance: list, uptake: list, match: str) -> None:
    with pytest.raises(OptionError, match=match):
        compose(luminance, uptake)


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(OptionError, match=r"unknown color map 'jet'.*uptake"):
        compose([0.5], [0.5], colormap="jet")
    with pytest.raises(OptionError, match="strength"):
        compose([0.5], [0.5], strength=float("nan"))
    with pytest.raises(OptionError, match="does not carry uptake"):
        decode(np.zeros((2, 2, 3), np.uint8), colormap="gray")
    with pytest.raises(OptionError, match="expected RGB as uint8"):
        decode(np.zeros((2, 2, 3)))
    with pytest.raises(OptionError, match="one-dimensional palette"):
        get_colormap("uptake").palette()


def test_rounding_just_outside_the_range_is_clipped() -> None:
    np.testing.assert_array_equal(compose([1.001], [-0.001]), [[255, 255, 255]])


def test_ycbcr_keeps_the_chroma_and_replaces_the_luminance() -> None:
    color = np.array([[[200, 60, 60], [60, 60, 200], [90, 90, 90]]], np.uint8)
    fused = ycbcr_compose(np.array([[0.45, 0.45, 0.2]]), color)
    np.testing.assert_allclose(luma(fused), [[114.75, 114.75, 51]], atol=0.6)
    np.testing.assert_allclose(fused[..., 0] - luma(fused), color[..., 0] - luma(color), atol=1.0)
    np.testing.assert_allclose(fused[..., 2] - luma(fused), color[..., 2] - luma(color), atol=1.0)
    assert len(set(fused[0, 2].tolist())) == 1


def test_ycbcr_keeps_the_luminance_where_the_color_does_not_fit() -> None:
    rng = np.random.default_rng(3)
    luminance, color = rng.random((32, 32)), rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_allclose(luma(ycbcr_compose(luminance, color)), luminance * 255, atol=0.6)


def test_ycbcr_refuses_pictures_that_do_not_fit() -> None:
    with pytest.raises(OptionError, match="do not fit"):
        ycbcr_compose(np.zeros((2, 2)), np.zeros((2, 3, 3), np.uint8))
