"""What is added for small findings: enough to be seen, smooth, and steady across slices."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.blocks import averaged, stretched
from coconet_med.blending.field import (
    Grid,
    across_weights,
    findings_in,
    keep_findings_in,
    mixed,
    spread_across,
    what_findings_lack,
)
from coconet_med.blending.lifting import LEAST, SHARE, _beside, lift
from coconet_med.blending.small_findings import Spot, find_spots
from coconet_med.inference import Fusion
from coconet_med.slices import Slicing

SIDE = 96


def spot(radius: float, height: float, *, at: tuple[int, int] = (48, 40), base: float = 0.3) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return (base + height * (np.hypot(y - at[0], x - at[1]) <= radius)).astype(np.float32)


BODY = np.ones((SIDE, SIDE), bool)


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
    added = what_findings_lack(image, field, grid)
    assert added is not None
    field[0] += added
    after = seen.contrast_in(mixed(image[None], field[None], block)[0])
    assert after > 0.97 * max(LEAST, SHARE * seen.contrast)


def test_a_finding_that_is_seen_anyway_is_left_alone():
    image = np.stack([np.full((SIDE, SIDE), 0.5, np.float32), spot(4, 0.4)])
    field = np.zeros((3, SIDE // 2, SIDE // 2), np.float32)
    field[1:] = np.float32((-0.5, 0.5))[:, None, None]
    assert what_findings_lack(image, field, Grid()) is None


def test_near_white_the_surroundings_give_way():
    image = np.stack([np.full((SIDE, SIDE), 0.99, np.float32), spot(4, 0.5)])
    fused = image[0]
    added = keep_findings_in(fused, image)
    seen = find_spots(image[1], BODY)[0]
    assert seen.contrast_in(np.clip(fused + added, 0, 1)) > 10 / 255


def at_the_rim_of_a_ventricle(height: float, *, fluid: float) -> tuple[np.ndarray, np.ndarray]:
    """A soft focus of the uptake over dark fluid beside bright tissue, and the plain anatomy as the mix."""
    y, x = np.mgrid[:SIDE, :SIDE]
    focus = 0.2 + height * np.exp(-((y - 48) ** 2 + (x - 40) ** 2) / (2 * 3.5**2))
    anatomy = np.where((np.abs(y - 48) < 5) & (x > 38) & (x < 47), fluid, 0.85)
    return np.stack([anatomy, focus]).astype(np.float32), anatomy.astype(np.float32)


def gained(added: np.ndarray, seen: Spot) -> float:
    return seen.contrast_in(stretched(averaged(added, (2, 2)), (2, 2), added.shape))


def test_a_faint_focus_at_the_rim_of_a_ventricle_makes_no_white_blob():
    image, fused = at_the_rim_of_a_ventricle(0.16, fluid=0.2)
    (faint,) = findings_in(image, Grid())
    assert faint.contrast_in(fused) < -4 * faint.contrast  # to be seen it would need five times its contrast
    added = lift(fused, [faint])
    assert added is not None
    assert gained(added, faint) == pytest.approx(2 * faint.contrast, rel=0.05)


def test_findings_of_one_focus_do_not_add_up():
    image, fused = at_the_rim_of_a_ventricle(0.24, fluid=0.2)
    found = findings_in(image, Grid())
    assert len(found) >= 3  # a spot, its core, and a focus
    added = lift(fused, found)
    assert added is not None
    assert all(gained(added, seen) < 3.2 * seen.contrast for seen in found)


def test_a_plain_focus_there_is_seen_all_the_same():
    image, fused = at_the_rim_of_a_ventricle(0.6, fluid=0.55)
    found = findings_in(image, Grid())
    added = lift(fused, found)
    plain = max(found, key=lambda seen: seen.contrast)
    assert plain.contrast_in(fused) < -LEAST
    assert plain.contrast_in(fused) + gained(added, plain) > 0.9 * LEAST


def test_what_is_added_is_as_smooth_as_a_field_and_stays_near_its_finding():
    image = hidden()
    added = lift(image[0], find_spots(image[1], BODY))
    y, x = np.mgrid[:SIDE, :SIDE]
    assert np.abs(added[np.hypot(y - 48, x - 40) > 4 + 11]).max() < 1e-4
    # The spot has a sharp edge, over which a field of blocks of 2 pixels takes two steps.
    assert np.abs(np.diff(added, axis=0)).max() < 0.51 * np.abs(added).max()


def test_what_is_added_has_the_shape_of_the_uptake():
    """A finding whose one half is hotter is lifted there, and less beside it."""
    y, x = np.mgrid[:SIDE, :SIDE]
    uptake = 0.3 + 0.3 * np.exp(-0.5 * ((y - 48) ** 2 + (x - 44) ** 2) / 4**2)
    uptake += 0.3 * np.exp(-0.5 * ((y - 48) ** 2 + (x - 40) ** 2) / 1.5**2)
    image = np.stack([np.full((SIDE, SIDE), 0.5), uptake]).astype(np.float32)
    added = lift(image[0], find_spots(image[1], BODY))
    assert added is not None
    hot, mild, beside = added[48, 40], added[48, 45], added[48, 34]
    assert hot > 1.3 * mild > 0
    assert beside < 0.3 * mild
    assert np.corrcoef(added[40:57, 36:53].ravel(), uptake[40:57, 36:53].ravel())[0, 1] > 0.85


def test_two_findings_close_by_are_both_seen():
    image = np.stack([np.full((SIDE, SIDE), 0.5, np.float32), spot(3, 0.4)])
    image[1] = np.maximum(image[1], spot(3, 0.4, at=(48, 50)))
    added = keep_findings_in(image[0], image)
    spots = find_spots(image[1], BODY)
    assert len(spots) == 2
    assert min(s.contrast_in(image[0] + added) for s in spots) > 8 / 255


def test_a_finding_that_is_raised_lifts_what_lies_beside_it_again():
    """Raising one of two findings brightens the ring of the other: that one is raised once more."""
    mixed_picture = np.full((SIDE, SIDE), 0.5, np.float32)
    function = np.maximum(spot(3, 0.4), spot(3, 0.4, at=(48, 49)))
    spots = find_spots(function, BODY)
    assert len(spots) == 2
    once = np.zeros_like(mixed_picture)
    for each in spots:
        once[each.box] += max(LEAST, SHARE * each.contrast) * each.bump[1]
    added = lift(mixed_picture, spots)
    assert added is not None
    for each in spots:
        assert each.contrast_in(mixed_picture + once) < 0.92 * max(LEAST, SHARE * each.contrast)
        held = stretched(averaged(added, (2, 2)), (2, 2), added.shape)
        assert each.contrast_in(mixed_picture + held) > 0.97 * max(LEAST, SHARE * each.contrast)


def test_a_finding_that_was_seen_is_lifted_where_its_neighbor_was_raised_into_its_ring():
    function = np.maximum(spot(3, 0.4), spot(3, 0.4, at=(48, 49)))
    hidden_one, seen = find_spots(function, BODY)
    wanted = max(LEAST, SHARE * seen.contrast)
    shown = np.full((SIDE, SIDE), 0.5, np.float32)
    shown[seen.box] += 1.001 * wanted * seen.inside / seen.contrast_of(seen.inside.astype(np.float32))
    assert seen.contrast_in(shown) > wanted
    added = lift(shown, [seen, hidden_one])  # it is looked at before its neighbor is raised
    assert added is not None
    assert seen.contrast_in(shown + added) > 0.97 * wanted
    alone = lift(shown, [hidden_one])
    assert alone is not None
    assert seen.contrast_in(shown + alone) < 0.95 * wanted


def test_a_core_gets_the_share_that_it_asks_for():
    core = next(s for s in find_spots(np.maximum(spot(5, 0.25), spot(2, 0.5)), BODY) if s.asks < 1)
    flat = np.full((SIDE, SIDE), 0.5, np.float32)
    added = lift(flat, [core])
    assert added is not None
    held = stretched(averaged(added, (2, 2)), (2, 2), added.shape)
    assert core.contrast_in(flat + held) == pytest.approx(core.asks * max(LEAST, SHARE * core.contrast), abs=2e-3)


def test_boxes_are_beside_each_other_where_they_share_a_pixel():
    boxes = np.array([[(0, 4), (0, 4)], [(3, 6), (3, 6)], [(4, 6), (0, 3)], [(0, 9), (8, 9)]])
    assert _beside(boxes, [0]) == [0, 1]
    assert _beside(boxes, [1]) == [0, 1]
    assert _beside(boxes, [2, 3]) == [2, 3]


def test_dark_anatomy_makes_no_hole_in_a_finding_that_is_seen_as_a_whole():
    function = np.maximum(spot(5, 0.25), spot(2, 0.5))
    fused = spot(2, -0.3, base=0.6)
    spots = find_spots(function, BODY)
    core = next(s for s in spots if s.asks < 1)
    assert np.array_equal(np.argwhere(core.inside).mean(axis=0), np.argwhere(spots[0].inside).mean(axis=0))
    for chosen, seen in ((spots[:1], False), (spots, True)):
        added = lift(fused, chosen)
        assert added is not None
        assert spots[0].contrast_in(fused + added) > 0.9 * LEAST
        assert (core.contrast_in(fused + added) > 0) == seen


class HalfOfEach:
    """A network whose field is the mean of both sources everywhere."""

    gives_field = True

    def run(self, image: np.ndarray) -> np.ndarray:
        field = np.zeros((len(image), 3, *image.shape[2:]), np.float32)
        field[:, 1:] = np.float32((-0.5, 0.5))[:, None, None]
        return field


def lifted(slices_with_a_spot: list[int], *, spacing: tuple[float, float, float] | None) -> np.ndarray:
    """By how much each of 21 slices was changed for its finding, at the middle of that, of 1."""
    anatomy = np.repeat(spot(4, -0.5, base=0.8)[None], 21, 0)
    function = np.full(anatomy.shape, 0.3, np.float32)
    function[slices_with_a_spot] = spot(4, 0.35)
    slicing = Slicing("axial", (0, 1, 2), ())
    fusion = Fusion(anatomy, function, slicing=slicing, engine=HalfOfEach(), spacing=spacing)  # type: ignore[arg-type]
    list(fusion.batches())
    assert fusion.field is not None
    amount = fusion.field.values[:, 0]
    rows, columns = amount.shape[1:]
    return amount[:, rows // 2, columns * 40 // 96]


def test_what_is_lifted_fades_over_neighboring_slices_and_is_nowhere_less():
    """Without that, a spot found in every second slice draws lines in the other two planes."""
    alone = lifted([4, 6, 8, 10, 12, 14], spacing=None)  # pictures that have nothing to do with each other
    steady = lifted([4, 6, 8, 10, 12, 14], spacing=(1.0, 1.0, 1.0))
    most = alone.max()
    assert most > 0.1
    assert np.abs(np.diff(alone)).max() > 0.9 * most
    assert np.abs(np.diff(steady)).max() < 0.25 * most
    assert np.all(steady >= alone - 1e-5)
    assert steady[20] < 0.2 * most


def test_slices_far_apart_are_lifted_each_for_itself():
    assert np.array_equal(lifted([4, 10], spacing=(10.0, 1.0, 1.0)) > 0.01, np.isin(np.arange(21), (4, 10)))


def test_of_what_slices_bring_to_a_place_the_largest_stands_whatever_its_sign():
    added = np.zeros((9, 2, 2), np.float32)
    added[2, 0, 0], added[5, 0, 0], added[4, 1, 1] = 0.2, 0.1, -0.3
    out = spread_across(added, 2.0)
    fading = across_weights(2.0) / across_weights(2.0).max()
    middle = len(fading) // 2
    assert out[2, 0, 0] == np.float32(0.2)
    assert out[4, 0, 0] == pytest.approx(max(0.2 * fading[middle + 2], 0.1 * fading[middle + 1]))
    assert out[5, 1, 1] == pytest.approx(-0.3 * fading[middle + 1])
    assert not added[3].any()  # what was given stays as it was
