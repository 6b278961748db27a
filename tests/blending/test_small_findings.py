"""Small findings: found by size and contrast in mm."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.small_findings import _medians, find_spots

SIDE = 96


def spot(radius: float, height: float, *, at: tuple[int, int] = (48, 40), base: float = 0.3) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return (base + height * (np.hypot(y - at[0], x - at[1]) <= radius)).astype(np.float32)


BODY = np.ones((SIDE, SIDE), bool)


@pytest.mark.parametrize(("radius", "found"), [(0.5, 0), (2, 1), (4, 1), (8.5, 1), (30, 0)])
def test_a_spot_is_a_finding_by_its_size(radius: float, found: int):
    assert len(find_spots(spot(radius, 0.4), BODY)) == found


@pytest.mark.parametrize(("height", "found"), [(0.1, 0), (0.2, 1), (0.6, 1)])
def test_a_spot_is_a_finding_by_its_contrast(height: float, found: int):
    spots = find_spots(spot(4, height), BODY)
    assert len(spots) == found
    if found:
        assert spots[0].contrast == pytest.approx(height, abs=0.02)


def test_sizes_count_in_mm():
    fine = np.kron(spot(3, 0.4), np.ones((2, 2), np.float32))  # the same spot on pixels of half a millimeter
    assert len(find_spots(fine, np.ones(fine.shape, bool), spacing=(0.5, 0.5), block=(4, 4))) == 1
    coarse = spot(8, 0.4)  # eight pixels of 2 mm: no small finding
    assert all(s.inside.sum() < 10 for s in find_spots(coarse, BODY, spacing=(2.0, 2.0), block=(1, 1)))


def test_the_bone_of_a_ct_is_no_finding_but_a_bleeding_inside_it_is():
    y, x = np.mgrid[:SIDE, :SIDE]
    radius = np.hypot(y - 48, x - 48)
    ct = np.where(radius < 36, 0.4, 0.0) + np.where((radius >= 36) & (radius < 42), 1.0, 0.0)
    ct[46:51, 30:35] = 0.75
    spots = find_spots(ct.astype(np.float32), radius < 42)
    assert len(spots) == 1
    rows, columns = spots[0].box
    assert rows.start <= 46 < rows.stop
    assert columns.start <= 30 < columns.stop


def test_a_piece_that_is_known_already_is_not_found_twice_and_one_beside_it_is():
    function = np.maximum(spot(4, 0.4), spot(3, 0.3, at=(48, 70)))
    spots = find_spots(function, BODY)
    assert sorted((s.box[1].start + s.box[1].stop) // 2 for s in spots) == pytest.approx([40, 70], abs=1)


def test_pieces_that_meet_further_down_are_one():
    """A horseshoe: its two arms begin as two runs of pixels, and are joined by the last row."""
    function = np.full((SIDE, SIDE), 0.3, np.float32)
    function[40:47, 40:42] = function[40:47, 46:48] = function[46:48, 40:48] = 0.8
    spots = find_spots(function, BODY)
    assert [int(s.inside.sum()) for s in spots] == [int((function > 0.5).sum())]


def test_the_rim_of_something_large_is_no_finding():
    y, x = np.mgrid[:SIDE, :SIDE]
    large = 0.3 + 0.5 * (x > 48) + 0.08 * ((np.hypot(y - 48, x - 52) <= 3) & (x > 48))
    assert find_spots(large.astype(np.float32), BODY) == []


def test_what_lies_within_two_millimeters_of_bone_is_no_finding():
    y, x = np.mgrid[:SIDE, :SIDE]
    radius = np.hypot(y - 48, x - 48)
    for far, found in ((2, 0), (4, 1)):
        ct = np.where(radius < 38, 0.4, 0.0)
        ct[(radius >= 36) & (radius < 38)] = 1.0
        ct[46:51, 12 + far] = 0.8  # bone ends at column 12
        assert len(find_spots(ct.astype(np.float32), radius < 38)) == found


@pytest.mark.parametrize(("height", "found"), [(0.03, [1.0]), (0.1, [1.0, 0.5])])
def test_a_core_stands_out_of_its_finding(height: float, found: list[float]):
    function = spot(8.5, 0.4) + spot(2, height, base=0)
    assert [s.asks for s in find_spots(function, BODY)] == found


def test_medians_of_a_box_are_those_of_the_whole_picture():
    coarse = np.random.default_rng(3).integers(0, 256, (30, 24)).astype(np.uint8)
    whole = _medians(coarse, (slice(0, 30), slice(0, 24)), (4, 6))
    for box in ((slice(10, 15), slice(8, 9)), (slice(0, 3), slice(20, 24))):
        np.testing.assert_array_equal(_medians(coarse, box, (4, 6)), whole[box])


@pytest.mark.parametrize("at", [(48, 40), (47, 41), (50, 43)])
def test_the_box_of_a_finding_begins_at_a_block_of_the_field(at: tuple[int, int]):
    (found,) = find_spots(spot(3, 0.4, at=at), BODY, block=(4, 3))
    assert (found.box[0].start % 4, found.box[1].start % 3) == (0, 0)
    assert np.array_equal(np.argwhere(found.inside).mean(axis=0) + [s.start for s in found.box], at)
