"""BT.601: gray has no chroma, Y is the weighted mean, and RGB comes back from Y, Cb and Cr."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.color.bt601 import BLUE, CB, CR, GREEN, RED, WEIGHTS, chroma, chroma_to_rgb, luma

COLORS = np.random.default_rng(0).random((50, 3))


def test_the_weights_add_up_to_white_and_decide_the_scale_of_the_differences() -> None:
    assert sum(WEIGHTS) == pytest.approx(1)
    assert pytest.approx(2 * (1 - BLUE)) == CB
    assert pytest.approx(2 * (1 - RED)) == CR


def test_pure_colors_have_the_luma_and_the_largest_differences_of_the_standard() -> None:
    assert luma(np.eye(3) * 255).tolist() == pytest.approx([255 * RED, 255 * GREEN, 255 * BLUE])
    cb, cr = chroma(np.eye(3))
    assert (cb[2], cr[0]) == pytest.approx((0.5, 0.5))
    np.testing.assert_allclose(chroma(np.full((4, 3), 0.3)), 0, atol=1e-12)


def test_a_color_is_its_gray_and_its_differences() -> None:
    again = luma(COLORS)[:, None] + chroma_to_rgb(*chroma(COLORS))
    np.testing.assert_allclose(again, COLORS, atol=1e-12)
