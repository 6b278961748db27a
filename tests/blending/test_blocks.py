"""Pixels to blocks and back."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.blocks import averaged, stretched


@pytest.mark.parametrize(("step", "shape"), [((2, 2), (8, 6)), ((3, 1), (10, 5)), ((4, 2), (9, 7))])
def test_blocks_are_means_and_the_last_pixels_repeat_where_one_is_not_full(
    step: tuple[int, int], shape: tuple[int, int]
):
    picture = np.random.default_rng(0).random(shape).astype(np.float32)
    blocks = averaged(picture, step)
    assert blocks.shape == tuple(-(-n // s) for n, s in zip(shape, step, strict=True))
    assert blocks[0, 0] == pytest.approx(picture[: step[0], : step[1]].mean(), rel=1e-6)
    rows, columns = (
        np.minimum(np.arange((b - 1) * s, b * s), n - 1) for b, s, n in zip(blocks.shape, step, shape, strict=True)
    )
    assert blocks[-1, -1] == pytest.approx(picture[np.ix_(rows, columns)].mean(), rel=1e-6)


def test_what_is_linear_comes_back_but_at_the_frame():
    y, x = np.mgrid[:24, :30].astype(np.float32)
    picture = 0.02 * y + 0.01 * x
    again = stretched(averaged(picture, (2, 3)), (2, 3), picture.shape)
    assert np.abs(again - picture)[1:-1, 2:-2].max() < 1e-6
    assert again.max() <= picture.max()
