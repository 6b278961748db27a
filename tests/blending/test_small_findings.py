"""Small findings: found by size and contrast in mm, and lifted where the mixed picture would hide them."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.field import Grid, keep_findings, keep_findings_in, mixed
from coconet_med.blending.small_findings import LEAST, SHARE, find_spots, lift

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


def hidden() -> np.ndarray:
    """A hot spot under a dark spot of the anatomy, which cancels it."""
    return np.stack([spot(4, -0.25, base=0.6), spot(4, 0.35)])


@pytest.mark.parametrize("block", [(1, 1), (2, 2), (3, 3), (4, 2)])
def test_a_finding_that_the_mix_would_hide_is_brighter_than_its_surroundings(block: tuple[int, int]):
    image = hidden()
    grid = Grid(block)
    field = np.zeros((3, *grid.side(SIDE, SIDE)), np.float32)
    field[1:] = np.float32((-0.5, 0.5))[:, None, None]  # the mean of both sources
    seen = find_spots(image[1], BODY, block=block)[0]
    before = seen.contrast_in(mixed(image[None], field[None], block)[0])
    assert before < 0.06
    image[0] = spot(4, -0.5, base=0.8)
    assert seen.contrast_in(mixed(image[None], field[None], block)[0]) < -0.05
    assert keep_findings(image, field, grid)
    after = seen.contrast_in(mixed(image[None], field[None], block)[0])
    assert after > 0.75 * max(LEAST, SHARE * seen.contrast)


def test_a_finding_that_is_seen_anyway_is_left_alone():
    image = np.stack([np.full((SIDE, SIDE), 0.5, np.float32), spot(4, 0.4)])
    field = np.zeros((3, SIDE // 2, SIDE // 2), np.float32)
    field[1:] = np.float32((-0.5, 0.5))[:, None, None]
    assert not keep_findings(image, field, Grid())
    assert not field[0].any()


def test_near_white_the_surroundings_give_way():
    image = np.stack([np.full((SIDE, SIDE), 0.99, np.float32), spot(4, 0.5)])
    fused = image[0]
    added = keep_findings_in(fused, image)
    seen = find_spots(image[1], BODY)[0]
    assert seen.contrast_in(np.clip(fused + added, 0, 1)) > 10 / 255


def test_what_is_added_is_as_smooth_as_a_field_and_stays_near_its_finding():
    image = hidden()
    added = lift(image[0], find_spots(image[1], BODY))
    y, x = np.mgrid[:SIDE, :SIDE]
    assert np.abs(added[np.hypot(y - 48, x - 40) > 4 + 11]).max() < 1e-4
    assert np.abs(np.diff(added, axis=0)).max() < 0.25 * np.abs(added).max()


def test_two_findings_close_by_are_both_seen():
    image = np.stack([np.full((SIDE, SIDE), 0.5, np.float32), spot(3, 0.4)])
    image[1] = np.maximum(image[1], spot(3, 0.4, at=(48, 50)))
    added = keep_findings_in(image[0], image)
    spots = find_spots(image[1], BODY)
    assert len(spots) == 2
    assert min(s.contrast_in(image[0] + added) for s in spots) > 8 / 255
