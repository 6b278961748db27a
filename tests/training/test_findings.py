"""What the fusion adds for small findings is added in training as well."""

from __future__ import annotations

import torch

from coconet_med.training.findings import with_findings


def _with_spot() -> torch.Tensor:
    """(1, 2, 64, 64): an even body, on which the second source has one small hot spot."""
    image = torch.zeros(1, 2, 64, 64)
    image[:, 0, 8:56, 8:56], image[:, 1, 8:56, 8:56] = 0.5, 0.3
    y, x = torch.meshgrid(*(torch.arange(64.0),) * 2, indexing="ij")
    image[0, 1] += 0.6 * torch.exp(-((x - 32) ** 2 + (y - 30) ** 2) / (2 * 2.0**2))
    return image


def test_what_a_fused_picture_lacks_of_a_small_spot_is_added_and_there_the_network_has_no_gradient():
    image = _with_spot()
    fused = image[:, :1].clone().requires_grad_()
    shown = with_findings(fused, image)
    assert (shown[0, 0, 30, 32] - shown[0, 0, 30, 48]).item() > 0.05
    torch.testing.assert_close(shown[..., :6, :], fused[..., :6, :])
    shown.sum().backward()
    assert fused.grad is not None
    assert torch.equal(fused.grad == 0, (shown - fused).abs() > 1 / 255)
    assert fused.grad[0, 0, 30, 32] == 0
    assert fused.grad[0, 0, 50, 10] == 1


def test_nothing_is_added_to_a_picture_that_shows_the_spot():
    image = _with_spot()
    torch.testing.assert_close(with_findings(image[:, 1:], image), image[:, 1:])
