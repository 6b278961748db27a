"""Foci of known place, size and contrast are found, nothing else is, and what a fusion does to them is reported."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from foci_cases import HEAD, PLACES, SIZE, disk, head, near
from scipy import ndimage

from coconet_med.color import compose
from coconet_med.errors import GeometryError
from coconet_med.quality.foci import LOST, foci_of, inside_skull, measure
from coconet_med.quality.spots import spots_of


def _with(picture: np.ndarray, center: tuple[float, float], diameter: float, contrast: float) -> np.ndarray:
    return picture + contrast * ndimage.gaussian_filter(disk(center, diameter / 2).astype(float), 0.7)


@pytest.mark.parametrize("contrast", [70.0, -70.0])
@pytest.mark.parametrize("diameter", [4.0, 6.0, 8.0, 12.0, 16.0])
@pytest.mark.parametrize("source", ["anatomy", "function"])
def test_a_disk_is_one_focus_of_its_place_size_and_contrast(source: str, diameter: float, contrast: float) -> None:
    plain, other = head(110, noise=3), head(90, noise=3, seed=1)
    seen = _with(plain, (75, 85), diameter, contrast)
    found = foci_of(seen, other) if source == "anatomy" else foci_of(other, seen)
    assert [f.source for f in found] == [source]
    (focus,) = found
    assert focus.hot == (contrast > 0)
    assert math.dist(focus.center, (75, 85)) <= 1.5
    assert 2 * focus.radius == pytest.approx(diameter, rel=0.45)
    assert 0.55 * abs(contrast) < abs(focus.contrast) <= 1.02 * abs(contrast)


def test_sizes_are_millimeters() -> None:
    function = _with(head(90), (75, 85), 14, 60)
    (coarse,) = foci_of(head(110), function, spacing=0.5)
    assert 2 * coarse.radius * 0.5 == pytest.approx(7, rel=0.3)
    assert not near(foci_of(head(110), function, spacing=2.5), (75, 85))  # 35 mm: no small finding


def test_pixels_larger_than_the_ring_hold_no_foci() -> None:
    noise = 255 * np.random.default_rng(0).random((16, 16))
    assert foci_of(noise, noise.T, spacing=(10.0, 10.0)) == []


def test_pixels_need_not_be_square() -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    ball = np.hypot((y - 80) * 2.0, x - 80) <= 5
    function = head(90) + 60 * ndimage.gaussian_filter(ball.astype(float), (0.4, 0.8))
    (focus,) = foci_of(head(110), function, spacing=(2.0, 1.0))
    assert math.dist(focus.center, (80, 80)) <= 1.5


def test_lines_edges_and_faint_or_large_things_are_no_foci() -> None:
    function = head(90, noise=2)
    function[:, 60:63] += 80 * HEAD[:, 60:63]  # a line
    function[:, 110:] += 60 * HEAD[:, 110:]  # an edge
    function = _with(function, (60, 90), 6, 12)  # faint
    anatomy = _with(head(110, noise=2), (80, 80), 44, 80)  # large
    assert foci_of(anatomy, function) == []


def test_noise_alone_is_no_focus() -> None:
    assert foci_of(head(110, noise=8), head(90, noise=8, seed=1)) == []


def test_of_two_that_touch_both_are_found_once() -> None:
    function = _with(_with(head(90), (80, 70), 6, 70), (80, 86), 6, 70)
    found = foci_of(head(110), function)
    assert [len(near(found, c)) for c in ((80, 70), (80, 86))] == [1, 1]
    assert len(found) == 2


def test_fat_of_the_scalp_and_bumps_of_the_outline_are_no_foci() -> None:
    anatomy = _with(head(110), (80, 17), 6, 90)
    assert not near(foci_of(anatomy, head(90)), (80, 17))
    function = _with(head(90), (80, 9), 8, 90)
    assert not near(foci_of(head(110), function), (80, 9), within=4)


def _skull() -> np.ndarray:
    ct = np.where(disk((80, 80), 66), 255.0, 0.0)
    ct[disk((80, 80), 58)] = 110
    return ct


def test_ct_is_searched_inside_the_skull_and_calcifications_are_no_bone() -> None:
    ct = _with(_with(_skull(), (80, 24), 6, 100), (70, 90), 6, 145)  # one at the bone, one of its brightness
    inside = inside_skull(np.round(ct))
    assert inside[80, 80]
    assert inside[70, 90]
    assert not inside[80, 80 - 57]
    assert not inside[80, 15]
    found = foci_of(head(110), ct, ct=True, sources=["function"])
    assert len(found) == len(near(found, (70, 90))) == 1
    assert len(near(spots_of(head(110), np.clip(ct, 0, 255), ct=True), (70, 90))) == 1


def test_what_a_fusion_does_to_each_focus_is_reported() -> None:
    function = head(90)
    for center in PLACES:
        function = _with(function, center, 8, 60)
    foci = foci_of(head(110), function, sources=["function"])
    assert len(foci) == 4
    fused = head(100)
    fused = _with(fused, PLACES[0], 8, 60)  # kept
    fused = _with(fused, PLACES[1], 8, 30)  # half
    fused = _with(fused, PLACES[3], 8, -30)  # reversed; the third is lost
    read = measure(foci, fused)
    assert (read["foci"], read["lost"], read["reversed"]) == (4, 0.5, 0.25)
    assert read["kept"] == pytest.approx((1 + 0.5 + 0 - 0.5) / 4, abs=0.01)
    assert read["lost_oklab"] == 0.5  # in gray, a difference in the wrong direction shows nothing


def test_a_cold_focus_that_turns_bright_is_reversed() -> None:
    foci = foci_of(head(110), _with(head(120), (80, 80), 8, -60), sources=["function"])
    assert not foci[0].hot
    assert measure(foci, _with(head(100), (80, 80), 8, 20))["reversed"] == 1
    assert measure(foci, _with(head(100), (80, 80), 8, -20))["lost"] == 0


def test_the_threshold_of_lost_is_as_stated() -> None:
    foci = foci_of(head(110), _with(head(90), (80, 80), 8, 60), sources=["function"])
    picture = np.zeros(HEAD.shape)
    picture.ravel()[foci[0].spot] = 1
    assert measure(foci, 100 + LOST * picture)["lost"] == 1
    assert measure(foci, 100 + (LOST + 0.1) * picture)["lost"] == 0
    assert measure(foci, 100 - LOST * picture)["reversed"] == 1


def test_color_shows_what_lightness_does_not() -> None:
    function = _with(head(90), (80, 80), 8, 60)
    foci, light = foci_of(head(110), function, sources=["function"]), head(110)
    read = measure(foci, light, compose(light / 255, function / 255))
    assert (read["lost"], read["lost_oklab"]) == (1, 0)
    assert read["seen"] > 1
    assert measure(foci, light, compose(light / 255, function / 255, colormap="gray"))["lost_oklab"] == 1


def test_without_foci_there_is_nothing_to_tell() -> None:
    read = measure([], head(100))
    assert read["foci"] == 0
    assert math.isnan(read["lost"])
    assert foci_of(np.zeros((40, 40)), np.zeros((40, 40))) == []
    assert spots_of(np.zeros((40, 40)), np.zeros((40, 40))) == []


def test_pictures_of_different_size_are_refused() -> None:
    with pytest.raises(GeometryError, match="anatomy 40x40, function 40x30"):
        foci_of(np.zeros((40, 40)), np.zeros((40, 30)))


def test_a_slice_takes_less_than_a_fifth_of_a_second() -> None:
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:256, :256]
    head = np.hypot(y - 128, x - 128) < 110
    pictures = [np.where(head, np.clip(110 + 400 * ndimage.gaussian_filter(rng.normal(size=head.shape), s), 0, 255), 0)
                for s in (1.5, 4)]  # fmt: skip
    foci_of(*pictures)
    start = time.process_time()
    found = foci_of(*pictures)
    assert time.process_time() - start < 0.2
    assert len(found) > 20
