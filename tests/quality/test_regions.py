"""Head, hot and cold regions."""

from __future__ import annotations

import numpy as np

from coconet_med.quality.regions import find_regions, head_of


def _disk(radius: float, center: tuple[float, float] = (40, 40), size: int = 80) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.hypot(y - center[0], x - center[1]) <= radius


def test_the_head_is_what_is_not_small_beside_its_largest_piece_with_holes_filled() -> None:
    anatomy = np.where(_disk(25) & ~_disk(8), 100.0, 0.0)  # 1,764 pixels of 1,961
    anatomy[70:78, 2:10] = 200.0
    np.testing.assert_array_equal(find_regions(anatomy, np.zeros_like(anatomy)).head[:66], _disk(25)[:66])
    assert not find_regions(anatomy, np.zeros_like(anatomy)).head[70:78, 2:10].any()


def test_a_cerebellum_apart_from_a_larger_face_belongs_to_the_head() -> None:
    face, cerebellum, speck = _disk(18, (20, 40)), _disk(9, (60, 30)), _disk(4, (60, 60))
    head = head_of(np.where(face | speck, 120.0, 0.0), np.where(cerebellum & ~_disk(3, (60, 30)), 90.0, 0.0))
    assert head[cerebellum].mean() > 0.95  # the opening rounds it
    assert head[60, 30]  # its hole is filled
    assert head[face].mean() > 0.95
    assert not head[speck].any()


def test_hot_and_cold_are_found_in_every_piece_of_the_head() -> None:
    anatomy = np.where(_disk(18, (20, 40)) | _disk(9, (60, 30)), 100.0, 0.0)
    regions = find_regions(anatomy, np.where(_disk(9, (60, 30)), 90.0, 8.0) * (anatomy > 0))
    assert regions.pos[60, 30]
    assert regions.cold[20, 40]


def test_a_thin_line_does_not_join_the_head_to_its_rest() -> None:
    anatomy = np.where(_disk(20, (30, 40)), 100.0, 0.0)
    anatomy[50:78, 39:43] = 100.0  # 4 px wide: narrower than the diamond of radius 2
    head = find_regions(anatomy, np.zeros_like(anatomy)).head
    assert not head[56:].any()


def test_the_function_alone_can_make_the_head() -> None:
    function = np.where(_disk(20), 50.0, 0.0)
    assert find_regions(np.zeros_like(function), function).head.sum() == _disk(20).sum()


def test_hot_is_the_upper_two_fifths_and_cold_the_lower() -> None:
    ramp = np.tile(np.arange(100.0), (100, 1)) + 11.0
    regions = find_regions(np.full((100, 100), 50.0), ramp)
    assert regions.head.sum() > 9900  # an opening takes the corners
    assert regions.pos[50, 61:].all()
    assert not regions.pos[50, :59].any()
    assert regions.cold[50, :39].all()
    assert not regions.cold[50, 41:].any()


def test_faint_uptake_is_never_hot() -> None:
    regions = find_regions(np.full((30, 30), 50.0), np.full((30, 30), 10.0))
    assert not regions.pos.any()
    assert regions.cold.sum() == regions.head.sum()


def test_regions_of_nothing_are_empty() -> None:
    regions = find_regions(np.zeros((20, 20)), np.zeros((20, 20)))
    assert [mask.sum() for mask in (regions.head, regions.pos, regions.cold)] == [0, 0, 0]
    assert regions.empty.all()


def test_empty_takes_the_faintest_noise_of_both_sources() -> None:
    m, p = np.array([[0.0, 2.0, 3.0, 0.0]]), np.array([[0.0, 2.0, 0.0, 3.0]])
    np.testing.assert_array_equal(find_regions(m, p).empty, [[True, True, False, False]])
