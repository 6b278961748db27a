"""The guide: ranks against a literal reference, the low pass against SciPy, and nothing at the start."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from coconet_med.network.rank_guide import LEVELS, RADIUS, SIGMA, Guide, histogram_ranks
from coconet_med.windowing.levels import BODY


def _literal(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Cumulative histogram, each pixel spread evenly over the bin that it lies in, looked up linearly."""
    values = image[mask > 0]
    out = np.zeros_like(image)
    for at in np.argwhere(mask > 0):
        value = image[tuple(at)]
        for level in range(LEVELS):
            low = level / LEVELS
            reach = lambda v, low=low: np.clip((v - low) * LEVELS, 0, 1)  # noqa: E731
            before = 1.0 if level == 0 else reach(values, low - 1 / LEVELS).mean()
            out[tuple(at)] += reach(value) * (before - reach(values).mean())
    return out


def test_ranks_are_those_of_the_cumulative_histogram():
    rng = np.random.default_rng(1)
    image, mask = rng.uniform(size=(9, 7)), (rng.uniform(size=(9, 7)) > 0.3).astype(float)
    found = histogram_ranks(*(torch.from_numpy(x)[None, None] for x in (image, mask)))[0, 0].numpy()
    np.testing.assert_allclose(found, _literal(image, mask), atol=1e-12)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_ranks_are_the_share_of_darker_pixels_whatever_the_scale_of_the_image(power: float):
    image = torch.linspace(0, 1, 40_000).pow(power).reshape(1, 1, 200, 200)
    expected = torch.linspace(0, 1, 40_000).reshape(200, 200)
    # Off by what the fullest bin holds at most; of squares, that is the darkest.
    fullest = torch.histc(image, LEVELS, 0, 1).max() / image.numel()
    assert (histogram_ranks(image, torch.ones_like(image))[0, 0] - expected).abs().max() < 1.05 * fullest


def test_ranks_of_nothing_are_zero_and_those_of_one_level_finite():
    nothing = torch.zeros(1, 1, 8, 8)
    assert histogram_ranks(torch.rand(1, 1, 8, 8), nothing).abs().max() == 0
    same = histogram_ranks(torch.full((1, 1, 8, 8), 0.5), nothing + 1)
    assert torch.isfinite(same).all()
    assert same.min() == same.max()


def test_ranks_keep_the_order():
    image = torch.rand(1, 1, 16, 16)
    found = histogram_ranks(image, torch.ones_like(image)).flatten()[image.flatten().argsort()]
    assert (found.diff() >= -1e-6).all()


def test_what_is_shown_is_ranks_head_and_low_pass():
    torch.manual_seed(3)
    image = torch.rand(2, 2, 32, 48)
    image[:, :, :10] = 0
    shown = Guide(4).shown(image)
    half = image.reshape(2, 2, 16, 2, 24, 2).mean((3, 5))
    head = (half.amax(1, keepdim=True) > BODY).float()
    assert shown.shape == (2, 6, 16, 24)
    torch.testing.assert_close(shown[:, 0:1], histogram_ranks(half[:, 0:1], head))
    torch.testing.assert_close(shown[:, 1:2], histogram_ranks(half[:, 1:2], head))
    torch.testing.assert_close(shown[:, 2:3], head)
    low = half.numpy()
    for axis in (2, 3):
        low = gaussian_filter1d(low, SIGMA, axis=axis, mode="mirror", radius=RADIUS)
    np.testing.assert_allclose(shown[:, 3:5].numpy(), low, atol=1e-6)
    low_head = torch.from_numpy((low.max(1, keepdims=True) > BODY).astype(np.float32))
    torch.testing.assert_close(shown[:, 5:6], histogram_ranks(torch.from_numpy(low[:, 1:2]), low_head))


def test_a_guide_says_nothing_before_it_has_learned():
    assert Guide(4)(torch.rand(1, 2, 32, 32)).abs().max() == 0


def test_it_takes_the_smallest_picture_and_half_precision():
    assert Guide(4)(torch.rand(1, 2, 16, 16)).shape == (1, 4, 8, 8)
    bright = torch.ones(1, 2, 512, 512)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        shown = Guide(4).shown(bright)
    assert torch.isfinite(shown).all()
