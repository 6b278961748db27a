"""The coupled contrastive constraint against a slow, literal reference."""

from __future__ import annotations

import pytest
import torch

from coconet_med.training.contrast import EPSILON, CoupledContrast
from coconet_med.training.space_choice import build_space
from coconet_med.training.spaces import FeatureSpace


class _TwoLevels(FeatureSpace):
    """The picture itself, and its horizontal differences: simple enough to compute by hand, smooth enough to check."""

    name = "two"
    weights = (0.25, 1.0)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image, torch.tanh(image[..., 1:] - image[..., :-1])]


def _slow(fused: torch.Tensor, image: torch.Tensor, mask: torch.Tensor, negatives: int) -> float:
    """The formula with plain loops: for each image, direction, level and negative."""
    space, batch, total = _TwoLevels(), len(fused), 0.0
    for b in range(batch):
        for positive, negative, region in ((1, 0, mask[b]), (0, 1, 1 - mask[b])):
            phi = lambda x, region=region: [f[0, 0] for f in space(2 * (region * x)[None] - 1)]  # noqa: E731
            mine, wanted = phi(fused[b]), phi(image[b, positive : positive + 1])
            others = [phi(image[(b - n) % batch, negative : negative + 1]) for n in range(negatives + 1)]
            for level, weight in enumerate(space.weights):
                near = float((mine[level] - wanted[level]).abs().mean())
                far = sum(float((mine[level] - other[level]).abs().mean()) for other in others)
                total += weight * near / (far + EPSILON * float(wanted[level].abs().mean()))
    return total / batch


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(4, 1, 6, 7), torch.rand(4, 2, 6, 7), torch.rand(4, 1, 6, 7)


@pytest.mark.parametrize("negatives", [0, 2])
def test_the_constraint_is_the_formula_with_the_own_and_two_other_negatives(
    batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor], negatives: int
):
    fused, image, mask = batch
    loss = CoupledContrast(_TwoLevels(), negatives=negatives)
    assert loss(fused, image, mask).item() == pytest.approx(_slow(fused, image, mask, negatives), rel=1e-4)


def test_small_batches_use_the_negatives_they_have(batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]):
    fused, image, mask = (x[:2] for x in batch)
    loss = CoupledContrast(_TwoLevels(), negatives=2)
    assert loss(fused, image, mask).item() == pytest.approx(_slow(fused, image, mask, 1), rel=1e-4)


def test_function_inside_and_anatomy_outside_costs_nothing(batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]):
    _, image, mask = batch
    mask = (mask > 0.5).float()
    both = mask * image[:, 1:] + (1 - mask) * image[:, :1]
    loss = CoupledContrast(_TwoLevels())
    assert loss(both, image, mask).item() == pytest.approx(0.0, abs=1e-6)
    swapped = mask * image[:, :1] + (1 - mask) * image[:, 1:]
    assert loss(swapped, image, mask) > loss(image.mean(1, keepdim=True), image, mask) > 0.1


def test_the_gradient_is_right_and_flows_to_the_fused_picture_only(
    batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
):
    fused, image, mask = (x.double() for x in batch)
    fused.requires_grad_()
    image.requires_grad_()
    loss = CoupledContrast(_TwoLevels())
    (gradient, to_image) = torch.autograd.grad(loss(fused, image, mask), (fused, image), allow_unused=True)
    assert to_image is None
    direction = torch.randn_like(fused)
    with torch.no_grad():
        numeric = (loss(fused + 1e-7 * direction, image, mask) - loss(fused - 1e-7 * direction, image, mask)) / 2e-7
    torch.testing.assert_close((gradient * direction).sum(), numeric, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("anatomy", [0.0, 0.5])
def test_empty_and_full_masks_constant_pictures_and_half_precision_stay_finite(
    kind: torch.dtype, level: float, anatomy: float
):
    image = torch.stack([torch.full((16, 16), anatomy), torch.full((16, 16), level)])[None].repeat(2, 1, 1, 1).to(kind)
    for start in (image[:, :1].clone(), image[:, 1:].clone(), torch.rand(2, 1, 16, 16).to(kind)):
        fused = start.requires_grad_()
        loss = CoupledContrast(build_space("gabor"))(fused, image)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(fused.grad).all()


def test_by_itself_the_mask_is_the_salient_uptake():
    y, x = torch.meshgrid(*(torch.arange(48.0),) * 2, indexing="ij")
    spot = ((x - 24) ** 2 + (y - 24) ** 2 < 80).float()
    generator = torch.Generator().manual_seed(0)
    image = torch.stack([torch.rand(48, 48, generator=generator), 0.1 + 0.8 * spot])[None]
    loss = CoupledContrast(build_space("gabor"))
    inside, outside = image[:, :1].clone(), image[:, :1].clone()
    inside[..., 20:28, 20:28] = image[:, 1:, 20:28, 20:28]  # uptake taken over where it is high
    outside[..., :8, :8] = image[:, 1:, :8, :8]  # uptake taken over where it is low
    assert loss(inside, image) < loss(image[:, :1], image) < loss(outside, image)
