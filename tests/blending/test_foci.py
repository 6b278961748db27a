"""Foci of some millimeters, hot and cold, fainter than spots: seen in the mixed picture, whatever lies under them."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.field import keep_findings_in
from coconet_med.blending.foci import find_foci
from coconet_med.quality.foci import LOST, foci_of, measure

SIDE = 112


def focus(height: float, *, base: float = 0.5, radius: float = 6.0) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return (base + height * np.exp(-0.5 * ((y - 60) ** 2 + (x - 50) ** 2) / radius**2)).astype(np.float32)


@pytest.mark.parametrize(("height", "under"), [(0.15, -0.25), (0.15, 0.0), (-0.15, 0.12), (-0.15, 0.0)])
def test_a_focus_that_the_picture_hides_or_reverses_is_seen(height: float, under: float):
    """``under``: what the anatomy shows at that place; the picture shows the anatomy alone."""
    image = np.stack([focus(under), focus(height)])
    counted = foci_of(255 * image[0], 255 * image[1], sources=("function",))
    assert [f.hot for f in counted] == [height > 0]
    added = keep_findings_in(image[0], image)
    assert added is not None
    before, after = (measure(counted, 255 * np.clip(picture, 0, 1)) for picture in (image[0], image[0] + added))
    assert (before["lost"], after["lost"]) == (1, 0)
    assert np.sign(added[60, 50]) == np.sign(height)
    y, x = np.mgrid[:SIDE, :SIDE]
    assert np.abs(added[np.hypot(y - 60, x - 50) > 8 + 12]).max() < 1e-3


def test_a_cold_focus_does_not_darken_a_bright_one_of_the_anatomy():
    """As fluid, bright in T2 and dark in CT: no lightness shows both."""
    image = np.stack([focus(0.4), focus(-0.3)])
    assert find_foci(*image) == []
    assert [spot.sign for spot in find_foci(focus(0.05), image[1])] == [-1]


def test_near_black_the_surroundings_give_way():
    image = np.stack([np.full((SIDE, SIDE), 0.04, np.float32), focus(-0.3)])
    counted = foci_of(255 * image[0], 255 * image[1], sources=("function",))
    added = keep_findings_in(image[0], image)
    assert added is not None
    assert all(f.contrast_in(255 * np.clip(image[0] + added, 0, 1)) < -LOST for f in counted)


@pytest.mark.parametrize(("spacing", "block"), [((1.0, 1.0), (2, 2)), ((0.5, 1.0), (4, 2)), ((3.0, 2.0), (1, 1))])
def test_sizes_count_in_mm(spacing: tuple[float, float], block: tuple[int, int]):
    y, x = np.mgrid[:SIDE, :SIDE]
    far = ((y - 60) * spacing[0]) ** 2 + ((x - 50) * spacing[1]) ** 2
    function = (0.5 + 0.2 * np.exp(-0.5 * far / 6.0**2)).astype(np.float32)
    found = find_foci(np.full_like(function, 0.5), function, spacing=spacing, block=block)
    assert len(found) == 1
    middle = [(s.start + s.stop - 1) / 2 for s in found[0].box]
    assert middle == pytest.approx((60, 50), abs=3)
    assert all(s.start % n == 0 for s, n in zip(found[0].box, block, strict=True))
