"""Mixing: the formula, a range that can be left and come back to, a low pass that is wide where sources are smooth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from coconet_med.guide import LowPass
from coconet_med.mixing import FINE, SMOOTH, Detail, Soften, mix


def test_a_mixture_is_the_formula_kept_within_its_range():
    image, layer = torch.rand(2, 2, 5, 4), torch.randn(2, 3, 5, 4)
    anatomy, function = image[:, 0], image[:, 1]
    expected = ((1 + layer[:, 1]) * anatomy + layer[:, 2] * function + layer[:, 0]).clamp(0, 1)
    torch.testing.assert_close(mix(image, layer)[:, 0], expected)


def test_a_luminance_out_of_range_is_led_back_and_never_further_out():
    image = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.5]).reshape(1, 1, 1, 5).repeat(1, 2, 1, 1)
    layer = torch.zeros(1, 3, 1, 5)
    layer[0, 0, 0] = torch.tensor([2.0, 2.0, -2.0, -2.0, 0.1])
    layer.requires_grad_()
    wanted = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])  # of the loss: positive asks for less
    (mix(image, layer) * wanted).sum().backward()
    assert layer.grad[0, 0, 0].tolist() == [1.0, 0.0, 0.0, -1.0, 1.0]


def _mean(x: np.ndarray) -> np.ndarray:
    """Of the 3 x 3 neighborhood, at the border of what there is of it."""
    box = np.ones((3, 3))
    return convolve(x, box, mode="constant") / convolve(np.ones_like(x), box, mode="constant")


def test_detail_is_the_mean_distance_from_the_neighborhood_between_two_limits():
    rng = np.random.default_rng(4)
    image = 0.5 + rng.normal(size=(2, 32, 48)) * np.linspace(0, 0.03, 48)
    off = sum(np.abs(x - convolve(x, np.full((3, 3), 1 / 9), mode="nearest")) for x in image)
    around = _mean(_mean(off.reshape(8, 4, 12, 4).mean((1, 3))))
    expected = np.clip((around - SMOOTH) / (FINE - SMOOTH), 0, 1)
    found = Detail()(torch.from_numpy(image)[None])[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.min() == 0
    assert found.max() == 1


@pytest.mark.parametrize("texture", [0.0, 0.015, 0.2])
def test_a_constant_stays_as_it_is(texture: float):
    image = 0.5 + texture * torch.randn(1, 2, 32, 32)
    layer = torch.tensor([0.1, -0.2, 0.3]).reshape(1, 3, 1, 1).expand(-1, -1, 32, 32)
    torch.testing.assert_close(Soften(3)(layer, image), layer)


def test_among_fine_detail_the_low_pass_is_the_narrow_one():
    layer, image = torch.randn(1, 3, 32, 32), torch.rand(1, 2, 32, 32)
    torch.testing.assert_close(Soften(3)(layer, image), LowPass(3)(layer))


def _width(image: torch.Tensor) -> float:
    """Standard deviation in pixels of what a step becomes, from the derivative of it."""
    step = (torch.arange(64) >= 32).float().expand(1, 1, 64, 64)
    slope = Soften(1)(step, image)[0, 0, 32].diff()
    at = torch.arange(63.0)
    middle = (slope * at).sum()
    return float((slope * (at - middle).square()).sum().sqrt())


def test_on_smooth_sources_a_step_becomes_a_slope_of_several_pixels():
    torch.manual_seed(0)
    smooth = torch.linspace(0, 1, 64).expand(1, 2, 64, 64)
    assert _width(smooth) > 2.4
    assert _width(torch.rand(1, 2, 64, 64)) < 1.1
    between = _width(0.5 + 0.012 * torch.randn(1, 2, 64, 64))
    assert 1.1 < between < 2.4
