"""Stage 1 of the paper against slow, literal references."""

from __future__ import annotations

import math

import pytest
import torch

from coconet_med.training.losses import BaseLoss, gaussian_ssim
from coconet_med.training.weights import data_sensitive_weights


def _slow_ssim(x: torch.Tensor, y: torch.Tensor) -> float:
    """Mean of the structural similarity of every 11x11 window, with the window's sums written out."""
    weight = [[math.exp(-(a * a + b * b) / (2 * 1.5**2)) for a in range(-5, 6)] for b in range(-5, 6)]
    total = sum(map(sum, weight))
    values = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            mx = my = xx = yy = xy = 0.0
            for b in range(11):
                for a in range(11):
                    w, p, q = weight[b][a] / total, float(x[top + b, left + a]), float(y[top + b, left + a])
                    mx, my, xx, yy, xy = mx + w * p, my + w * q, xx + w * p * p, yy + w * q * q, xy + w * p * q
            c1, c2 = 1e-4, 9e-4
            numerator = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
            values.append(numerator / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2)))
    return sum(values) / len(values)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(2, 1, 13, 14), torch.rand(2, 2, 13, 14)


def test_ssim_is_the_formula(batch: tuple[torch.Tensor, torch.Tensor]):
    fused, image = batch
    expected = [_slow_ssim(fused[b, 0], image[b, 0]) for b in range(2)]
    torch.testing.assert_close(gaussian_ssim(fused, image[:, :1]), torch.tensor(expected), atol=1e-5, rtol=0)


def test_ssim_is_that_of_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    torch.manual_seed(1)
    x, y = torch.rand(40, 50), torch.rand(40, 50)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    _, local = metrics.structural_similarity(x.numpy(), y.numpy(), full=True, **options)
    assert gaussian_ssim(x[None, None], y[None, None]).item() == pytest.approx(local[5:-5, 5:-5].mean(), abs=1e-5)


def test_the_base_loss_is_the_formula(batch: tuple[torch.Tensor, torch.Tensor]):
    fused, image = batch
    by_gradient, by_entropy = data_sensitive_weights(image[:, :1], image[:, 1:])
    total = 0.0
    for b in range(2):
        for source in range(2):
            unlike = 1 - _slow_ssim(fused[b, 0], image[b, source])
            apart = float(((2 * fused[b, 0] - 1) - (2 * image[b, source] - 1)).square().mean())  # on [-1, 1]
            total += 20 * float(by_gradient[b, source]) * unlike + float(by_entropy[b, source]) * apart
    assert BaseLoss()(fused, image).item() == pytest.approx(total / 2, rel=1e-4)


def test_equal_sources_and_their_copy_cost_nothing():
    same = torch.rand(2, 1, 20, 20)
    assert BaseLoss()(same, same.repeat(1, 2, 1, 1)).item() == pytest.approx(0.0, abs=1e-4)


def test_the_gradient_is_right(batch: tuple[torch.Tensor, torch.Tensor]):
    fused, image = batch
    fused.requires_grad_()
    direction = torch.sign(torch.randn_like(fused))
    loss = BaseLoss()
    loss(fused, image).backward()
    with torch.no_grad():
        numeric = (loss(fused + 1e-2 * direction, image) - loss(fused - 1e-2 * direction, image)) / 2e-2
    torch.testing.assert_close((fused.grad * direction).sum(), numeric, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_constant_patches_and_half_precision_stay_finite(value: float, kind: torch.dtype):
    fused = torch.full((1, 1, 16, 16), 0.3, dtype=kind, requires_grad=True)
    loss = BaseLoss()(fused, torch.full((1, 2, 16, 16), value, dtype=kind))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(fused.grad).all()
