"""Data-sensitive weights against a slow, literal reading of the paper."""

from __future__ import annotations

import math

import pytest
import torch

from coconet_med.training.weights import blur, data_sensitive_weights, entropy, mean_gradient


def _slow_gradient(image: torch.Tensor) -> float:
    height, width = image.shape
    total = 0.0
    for y in range(height - 1):
        for x in range(width - 1):
            dx, dy = float(image[y, x + 1] - image[y, x]), float(image[y + 1, x] - image[y, x])
            total += math.sqrt((dx * dx + dy * dy) / 2)
    return total / ((height - 1) * (width - 1))


def _slow_entropy(image: torch.Tensor) -> float:
    levels = [round(255 * float(v)) for v in image.flatten()]
    shares = [levels.count(level) / len(levels) for level in set(levels)]
    return -sum(p * math.log2(p) for p in shares)


def _slow_share(a: float, f: float, temperature: float) -> list[float]:
    powers = [math.exp(x / (temperature * (a + f))) for x in (a, f)]
    return [p / sum(powers) for p in powers]


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(3, 1, 9, 12), torch.rand(3, 1, 9, 12) ** 4


def test_gradient_entropy_and_weights_are_those_of_the_paper(pair: tuple[torch.Tensor, torch.Tensor]):
    by_gradient, by_entropy = data_sensitive_weights(*pair)
    for b in range(3):
        a, f = (source[b, 0] for source in pair)
        expected = _slow_share(_slow_gradient(a), _slow_gradient(f), 0.5)
        torch.testing.assert_close(by_gradient[b], torch.tensor(expected), atol=1e-5, rtol=0)
        expected = _slow_share(_slow_entropy(a), _slow_entropy(f), 0.75)
        torch.testing.assert_close(by_entropy[b], torch.tensor(expected), atol=1e-5, rtol=0)


def test_every_image_has_its_own_histogram(pair: tuple[torch.Tensor, torch.Tensor]):
    together = entropy(torch.cat(pair))
    alone = torch.cat([entropy(image[None]) for image in torch.cat(pair)])
    torch.testing.assert_close(together, alone)


def test_known_values():
    checks = (torch.arange(64).reshape(1, 1, 8, 8) % 2).float()
    assert entropy(checks).item() == pytest.approx(1.0)
    ramp = torch.linspace(0, 7, 8).expand(1, 1, 8, 8) / 7
    assert mean_gradient(ramp).item() == pytest.approx(1 / 7 / math.sqrt(2))


def test_two_constant_images_count_alike():
    for weights in data_sensitive_weights(torch.zeros(1, 1, 16, 16), torch.ones(1, 1, 16, 16)):
        torch.testing.assert_close(weights, torch.full((1, 2), 0.5))


def test_no_gradient_flows_through_the_weights(pair: tuple[torch.Tensor, torch.Tensor]):
    anatomy = pair[0].requires_grad_()
    assert not any(weights.requires_grad for weights in data_sensitive_weights(anatomy, pair[1]))


def test_half_precision_images_give_the_weights_of_full_precision(pair: tuple[torch.Tensor, torch.Tensor]):
    half = data_sensitive_weights(*(source.half() for source in pair))
    for low, full in zip(half, data_sensitive_weights(*pair), strict=True):
        torch.testing.assert_close(low, full, atol=1e-2, rtol=0)


def test_blur_keeps_constants_and_is_the_gaussian_of_a_point():
    torch.testing.assert_close(blur(torch.full((1, 2, 20, 30), 0.3), 2.0), torch.full((1, 2, 20, 30), 0.3))
    point = torch.zeros(1, 1, 41, 41)
    point[..., 20, 20] = 1
    spread = blur(point, 2.0)[0, 0]
    assert spread[20, 24] / spread[20, 20] == pytest.approx(math.exp(-2), rel=1e-4)
    assert spread.sum().item() == pytest.approx(1.0, abs=1e-5)


def test_pictures_smaller_than_the_blur_are_taken():
    assert torch.isfinite(blur(torch.rand(1, 1, 16, 16), 5.0)).all()
