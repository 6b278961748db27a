"""Parts, holes and openings are those that SciPy gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.filters import (
    components,
    fill_holes,
    large_parts,
    open_by_diamond,
)


def _picture(*shape: int, seed: int = 0) -> np.ndarray:
    return 50 * np.random.default_rng(seed).normal(size=shape)


def _blobs(seed: int, *, share: float = 0.5, shape: tuple[int, ...] = (70, 90)) -> np.ndarray:
    rough = ndimage.gaussian_filter(_picture(*shape, seed=seed), 2.0)
    return rough > np.quantile(rough, 1 - share)


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_opening_by_a_diamond_equals_scipy(radius: int, seed: int) -> None:
    mask = _blobs(seed)
    structure = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), radius)
    np.testing.assert_array_equal(open_by_diamond(mask, radius), ndimage.binary_opening(mask, structure=structure))


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("shape", [(70, 90), (20, 25, 30)])
def test_parts_are_numbered_as_by_scipy(diagonal: bool, shape: tuple[int, ...]) -> None:
    mask = _blobs(3, share=0.3, shape=shape)
    expected, count = ndimage.label(mask, np.ones((3,) * len(shape)) if diagonal else None)
    assert count > 3
    np.testing.assert_array_equal(components(mask, diagonal=diagonal), expected)


@pytest.mark.parametrize("seed", range(4))
def test_holes_are_filled_as_by_scipy(seed: int) -> None:
    mask = _blobs(seed, share=0.6)
    assert fill_holes(mask).sum() > mask.sum()
    np.testing.assert_array_equal(fill_holes(mask), ndimage.binary_fill_holes(mask))


def test_parts_are_kept_by_their_share_of_the_largest_and_nothing_has_no_part() -> None:
    mask = np.zeros((8, 12), bool)
    mask[1:5, 1:6], mask[6, 0:2], mask[6, 4] = True, True, True  # of 20, 2 and 1 pixels
    assert large_parts(mask, share=1.0).sum() == 20
    assert large_parts(mask, share=0.1).sum() == 22
    assert large_parts(mask, share=0.01).sum() == 23
    assert not large_parts(np.zeros((4, 4), bool), share=0.1).any()
    assert not fill_holes(np.zeros((4, 4), bool)).any()
    assert fill_holes(np.ones((4, 4), bool)).all()
