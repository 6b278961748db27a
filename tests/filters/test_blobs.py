"""Blobs: found at their place and size, of either sign; lines, edges and bumps of the outline are none."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.filters import correlate, gaussian
from coconet_med.filters.blobs import _first, _second, find_blobs

SIDE = 80
DIAMETERS = (4.0, 5.7, 8.0, 11.3, 16.0)
ALL = np.ones((SIDE, SIDE), bool)


def disk(diameter: float, height: float, *, spacing: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return 100 + height * (np.hypot((y - 38) * spacing[0], (x - 42) * spacing[1]) <= diameter / 2)


@pytest.mark.parametrize("height", [40.0, -40.0])
@pytest.mark.parametrize("diameter", [5.7, 8.0, 16.0])
def test_a_disk_is_one_blob_of_its_size_and_sign(diameter: float, height: float):
    found = find_blobs(disk(diameter, height), ALL, spacing=(1.0, 1.0), least=20.0, diameters=DIAMETERS)
    assert len(found) == 1
    assert found[0].hot == (height > 0)
    assert found[0].center == pytest.approx((38, 42), abs=1)
    assert found[0].radius == pytest.approx(diameter / 2, rel=0.45)
    assert found[0].contrast == pytest.approx(height, rel=0.2)
    assert set(found[0].spot).isdisjoint(found[0].ring)


def test_sizes_count_in_mm_on_pixels_that_are_not_square():
    spacing = (1.5, 1.0)
    found = find_blobs(disk(16, 40, spacing=spacing), ALL, spacing=spacing, least=20.0, diameters=DIAMETERS)
    assert [blob.radius for blob in found] == [8.0]


def test_what_is_faint_a_line_an_edge_or_at_the_rim_of_the_mask_is_none():
    line, edge = np.full((SIDE, SIDE), 100.0), np.full((SIDE, SIDE), 100.0)
    line[:, 38:44] += 60
    edge[:, 40:] += 60
    for picture in (disk(8, 15), line, edge):
        assert find_blobs(picture, ALL, spacing=(1.0, 1.0), least=20.0, diameters=DIAMETERS) == []
    head = ALL.copy()
    head[:, 44:] = False  # most of the ring on one side lies outside
    assert find_blobs(disk(8, 40), head, spacing=(1.0, 1.0), least=20.0, diameters=DIAMETERS) == []


def test_how_far_a_blob_falls_on_every_side_is_asked_for():
    y, x = np.mgrid[:SIDE, :SIDE]
    blob = 100 + 40 * np.exp(-0.5 * ((y - 40) ** 2 + (x - 40) ** 2) / 5**2)
    beside = 16 * np.exp(-0.5 * ((y - 40) ** 2 + (x - 54) ** 2) / 4**2)  # on that side it falls by half
    how = {"spacing": (1.0, 1.0), "least": 10.0, "diameters": (8.0, 11.3, 16.0)}

    def found(picture: np.ndarray, surrounded: float) -> bool:
        blobs = find_blobs(picture, ALL, **how, surrounded=surrounded)
        return any(one.hot and one.center == pytest.approx((40, 40), abs=2) for one in blobs)

    assert found(blob, 0.7)
    assert found(blob + beside, 0.4)
    assert not found(blob + beside, 0.7)


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T], ids=["up", "left", "turned"])
def test_a_turned_picture_has_turned_blobs(turn):
    picture = gaussian(np.random.default_rng(0).random((96, 96)), (2, 2), truncate=3.5)
    picture = (picture - picture.min()) / np.ptp(picture)
    there = np.ones(picture.shape, bool)
    number = np.arange(picture.size).reshape(picture.shape)
    how = {"spacing": (2.0, 2.0), "least": 18 / 255, "diameters": (8.0, 11.3, 16.0)}
    found = {(blob.hot, frozenset(blob.spot.tolist())) for blob in find_blobs(picture, there, **how)}
    turned = find_blobs(np.ascontiguousarray(turn(picture)), there, **how)
    assert len(found) > 20
    assert {(blob.hot, frozenset(turn(number).ravel()[blob.spot].tolist())) for blob in turned} == found


@pytest.mark.parametrize("shape", [(9, 7), (1, 5), (2, 1)])
@pytest.mark.parametrize("axis", [0, 1])
def test_differences_are_those_of_correlate_bit_for_bit(axis: int, shape: tuple[int, int]):
    picture = np.random.default_rng(1).random(shape)
    assert np.array_equal(_second(picture, axis), correlate(picture, [1.0, -2.0, 1.0], axis=axis))
    assert np.array_equal(_first(picture, axis), correlate(picture, [-0.5, 0.0, 0.5], axis=axis))
