"""Mixing: the formula, a range that can be left and come back to, and a field that is brought up smoothly."""

from __future__ import annotations

import numpy as np
import torch

from coconet_med.blending.field import WITHIN as WITHIN_OF_FIELD
from coconet_med.blending.field import Grid, mixed
from coconet_med.network.output_mixing import WITHIN, enlarged, mix


def test_a_mixture_is_the_formula_kept_within_its_range():
    image, field = torch.rand(2, 2, 5, 4), torch.randn(2, 3, 5, 4)
    anatomy, function = image[:, 0], image[:, 1]
    expected = ((1 + field[:, 1]) * anatomy + field[:, 2] * function + field[:, 0]).clamp(0, 1)
    torch.testing.assert_close(mix(image, field)[:, 0], expected)


def test_a_luminance_out_of_range_is_led_back_and_never_further_out():
    image = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.5]).reshape(1, 1, 1, 5).repeat(1, 2, 1, 1)
    field = torch.zeros(1, 3, 1, 5)
    field[0, 0, 0] = torch.tensor([2.0, 2.0, -2.0, -2.0, 0.1])
    field.requires_grad_()
    wanted = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])  # of the loss: positive asks for less
    (mix(image, field) * wanted).sum().backward()
    assert field.grad[0, 0, 0].tolist() == [1.0, 0.0, 0.0, -1.0, 1.0]


def test_torch_and_numpy_mix_alike():
    image, field = torch.rand(3, 2, 24, 40), 0.3 * torch.randn(3, 3, 12, 20)
    expected = mix(image, enlarged(field))[:, 0].numpy()
    np.testing.assert_allclose(mixed(image.numpy(), field.numpy(), Grid().block), expected, atol=2e-6)
    assert WITHIN == WITHIN_OF_FIELD  # stated in the side-car by the one, computed by the other
