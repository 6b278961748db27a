"""The differentiable forms of the fidelity measures against slow, literal references."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
import torch

from coconet_med.training.preservation import (
    PreservationLoss,
    PreservationWeights,
    edge_preservation,
    gradient,
    masked_correlation,
    regions,
    sorted_ranks,
)
from coconet_med.training.weights import blur

NONE = PreservationWeights(**{f.name: 0.0 for f in fields(PreservationWeights)})


def _disk(size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Textured disk with a hot spot, (1, 2, size, size), and a noisy mixture of the two sources."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, size),) * 2, indexing="ij")
    inside = (x * x + y * y < 0.8).float()
    anatomy = inside * (0.3 + 0.6 * torch.rand(size, size, generator=generator))
    function = inside * (0.1 + 0.8 * torch.exp(-4 * ((x - 0.2) ** 2 + y * y)))
    image = torch.stack([anatomy, function])[None]
    fused = image.mean(dim=1, keepdim=True) + 0.05 * torch.rand(1, 1, size, size, generator=generator)
    return image, fused


def _slow_sobel(image: np.ndarray, y: int, x: int) -> tuple[float, float]:
    at = lambda v, u: float(image[min(max(v, 0), image.shape[0] - 1), min(max(u, 0), image.shape[1] - 1)])  # noqa: E731
    dx = sum(w * (at(y + o, x + 1) - at(y + o, x - 1)) for o, w in ((-1, 1), (0, 2), (1, 1)))
    dy = sum(w * (at(y + 1, x + o) - at(y - 1, x + o)) for o, w in ((-1, 1), (0, 2), (1, 1)))
    return dx, dy


def test_regions_are_those_of_the_measures_and_fade_across_their_limits():
    image, _ = _disk()
    where = regions(image)
    anatomy, function = (255 * image[0, c].numpy() for c in (0, 1))
    head = np.maximum(anatomy, function) > 10
    level = dict(zip((30, 40, 50, 60, 70), np.percentile(function[head], (30, 40, 50, 60, 70)), strict=True))
    hot, cold = where.hot[0, 0].numpy(), where.cold[0, 0].numpy()
    np.testing.assert_array_equal(where.head[0, 0].numpy() > 0, head)
    np.testing.assert_array_equal(where.empty[0, 0].numpy() > 0, np.maximum(anatomy, function) <= 2)
    hot_of_the_measures = head & (function > 10) & (function >= level[60])
    cold_of_the_measures = head & ~hot_of_the_measures & (function <= level[40])
    np.testing.assert_array_equal(hot >= 0.4999, hot_of_the_measures)
    np.testing.assert_array_equal(cold >= 0.4999, cold_of_the_measures)
    expected = np.interp(
        function, (level[60] - (level[70] - level[50]) / 2, level[60] + (level[70] - level[50]) / 2), (0, 1)
    )
    sure = head & (function > 15)
    np.testing.assert_allclose(hot[sure], expected[sure], atol=1e-4)
    assert ((hot > 0.01) & (hot < 0.99)).sum() > 0.1 * head.sum(), "it does not fade"


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_uptake_that_is_the_same_everywhere_gives_finite_regions(level: float):
    image = torch.rand(1, 2, 20, 20, generator=torch.Generator().manual_seed(0))
    image[:, 1] = level
    where = regions(image)
    for mask in (where.head, where.hot, where.cold):
        assert torch.isfinite(mask).all()
        assert 0 <= mask.min() <= mask.max() <= 1
    assert bool(where.hot.any()) == (level > 0)


def test_ranks_run_from_0_to_1_inside_the_mask_and_are_0_outside():
    image = torch.tensor([[[[0.9, 0.1], [0.5, 0.3]]]])
    mask = torch.tensor([[[[1.0, 1.0], [1.0, 0.0]]]])
    torch.testing.assert_close(sorted_ranks(image, mask), torch.tensor([[[[1.0, 0.0], [0.5, 0.0]]]]))


def test_the_correlation_is_pearsons_over_the_mask():
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 1, 9, 9, generator=generator) for _ in range(2))
    mask = (torch.rand(2, 1, 9, 9, generator=generator) > 0.4).float()
    expected = [np.corrcoef(x[b][mask[b] > 0].numpy(), y[b][mask[b] > 0].numpy())[0, 1] for b in range(2)]
    torch.testing.assert_close(masked_correlation(x, y, mask), torch.tensor(expected, dtype=torch.float32))


def test_pixels_that_count_twice_are_as_good_as_two_pixels():
    x, y = torch.rand(2, 1, 1, 1, 12, generator=torch.Generator().manual_seed(0))
    twice = torch.ones_like(x)
    twice[..., :5] = 2
    both = [torch.cat([v, v[..., :5]], dim=-1) for v in (x, y)]
    torch.testing.assert_close(masked_correlation(x, y, twice), masked_correlation(*both, torch.ones_like(both[0])))


def test_the_gradient_of_the_picture_is_sobels():
    image = torch.rand(1, 1, 5, 6, generator=torch.Generator().manual_seed(0))
    dx, dy, strength = (part[0, 0] for part in gradient(image))
    for y in range(5):
        for x in range(6):
            sx, sy = _slow_sobel(image[0, 0].numpy(), y, x)
            assert float(dx[y, x]) == pytest.approx(sx, abs=1e-5)
            assert float(dy[y, x]) == pytest.approx(sy, abs=1e-5)
            assert float(strength[y, x]) == pytest.approx(math.hypot(sx, sy), abs=1e-3)


def test_edge_preservation_is_the_formula_of_xydeas_and_petrovic():
    generator = torch.Generator().manual_seed(0)
    source, fused = (torch.rand(1, 1, 6, 6, generator=generator) for _ in range(2))
    kept = edge_preservation(source, fused)[0, 0]
    for y in range(6):
        for x in range(6):
            (sx, sy), (fx, fy) = (_slow_sobel(image[0, 0].numpy(), y, x) for image in (source, fused))
            s, f = math.hypot(sx, sy), math.hypot(fx, fy)
            strength = min(s, f) / max(s, f)
            between = abs(math.atan2(sy, sx) - math.atan2(fy, fx))
            angle = 1 - min(between, 2 * math.pi - between) / (math.pi / 2)
            expected = 0.9994 / (1 + math.exp(-15 * (strength - 0.5))) * 0.9879 / (1 + math.exp(-22 * (angle - 0.8)))
            assert float(kept[y, x]) == pytest.approx(expected, abs=2e-3)


def test_a_copy_keeps_its_edges_and_a_negative_loses_them():
    image, _ = _disk()
    anatomy = image[:, :1]
    strong = gradient(anatomy)[2] > 0.1
    assert edge_preservation(anatomy, anatomy)[strong].min() > 0.95
    assert edge_preservation(anatomy, 1 - anatomy)[strong].max() < 0.01


def test_a_copy_of_either_source_costs_more_than_a_picture_that_keeps_both():
    image, _ = _disk(64)
    anatomy, function = image[:, :1], image[:, 1:]
    both = 0.5 * function + 0.5 * anatomy
    loss = PreservationLoss(PreservationWeights(joint_edges=0.0))
    assert loss(both, image) < min(loss(anatomy, image), loss(function, image))


def test_new_edges_count_relative_to_those_of_the_sources():
    image, fused = _disk()
    edges, a, f = (gradient(x)[2].double() for x in (fused, image[:, :1], image[:, 1:]))
    stronger = torch.maximum(a, f).clamp_min(4 / 255)  # one gray level
    beyond, head = (edges - stronger).clamp_min(0), regions(image).head > 0
    expected = sum(float((beyond[head] ** n).sum() / (stronger[head] ** n).sum()) for n in (1, 2))
    terms = PreservationLoss().terms
    assert float(terms(fused, image)["no_new_edges"]) == pytest.approx(expected, rel=1e-4)
    assert float(terms(image[:, :1], image)["no_new_edges"]) < 1e-6


def test_where_uptake_is_low_gray_levels_are_those_of_the_mri():
    image, fused = _disk()
    cold = regions(image).cold[0, 0].double().numpy()
    off = np.abs((fused - image[:, :1])[0, 0].double().numpy())
    assert PreservationLoss().terms(fused, image)["anatomy_levels"] == pytest.approx((off * cold).sum() / cold.sum())
    only_hot = image[:, :1] + 0.3 * (1 - regions(image).cold)
    assert PreservationLoss().terms(only_hot, image)["anatomy_levels"] < 0.1 * 0.3


def test_what_is_added_to_a_source_is_the_other_one():
    image, fused = _disk()
    head = regions(image).head[0, 0].numpy() > 0
    m, p, f = (x.double().numpy()[head] for x in (image[0, 0], image[0, 1], fused[0, 0]))
    scd = np.corrcoef(f - m, p)[0, 1] + np.corrcoef(f - p, m)[0, 1]
    term = PreservationLoss().terms
    assert float(term(fused, image)["differences"]) == pytest.approx(2 - scd, rel=1e-3)
    assert float(term(image.sum(1, keepdim=True), image)["differences"]) < 1e-4


def test_a_contour_in_smooth_sources_costs_more_than_one_among_strong_edges():
    image, _ = _disk(64)
    smooth = blur(image, 4.0)
    contour = torch.zeros(1, 1, 64, 64)
    contour[..., 32:, :] = 0.05
    term = lambda sources: float(  # noqa: E731
        PreservationLoss().terms(sources.mean(1, keepdim=True) + contour, sources)["no_new_edges"]
    )
    assert term(smooth) > 5 * term(image)


def test_the_loss_is_the_weighted_sum_of_its_terms():
    image, fused = _disk()
    loss = PreservationLoss()
    terms = loss.terms(fused, image)
    expected = sum(getattr(loss.weights, name) * float(value) for name, value in terms.items())
    assert set(terms) == {f.name for f in fields(PreservationWeights)}
    assert loss(fused, image).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", [f.name for f in fields(PreservationWeights)])
def test_every_term_can_be_had_alone_and_its_gradient_is_right(name: str):
    image, fused = (x.double() for x in _disk(20))
    loss = PreservationLoss(PreservationWeights(**{f.name: float(f.name == name) for f in fields(PreservationWeights)}))
    fused.requires_grad_()
    value = loss(fused, image)
    value.backward()
    assert value.item() == pytest.approx(loss.terms(fused, image)[name].item())
    direction = torch.randn(fused.shape, dtype=fused.dtype, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        numeric = (loss(fused + 1e-6 * direction, image) - loss(fused - 1e-6 * direction, image)) / 2e-6
    torch.testing.assert_close((fused.grad * direction).sum(), numeric, rtol=1e-3, atol=1e-5)


def test_with_every_weight_at_0_nothing_is_asked_for():
    image, fused = _disk()
    fused.requires_grad_()
    value = PreservationLoss(NONE)(fused, image)
    value.backward()
    assert value.item() == 0
    assert fused.grad.abs().max() == 0


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("anatomy", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("function", [0.0, 1.0])
def test_empty_full_and_constant_pictures_stay_finite(kind: torch.dtype, anatomy: float, function: float):
    image = torch.stack([torch.full((16, 16), anatomy), torch.full((16, 16), function)])[None].to(kind)
    for start in (torch.full((1, 1, 16, 16), 0.5), torch.rand(1, 1, 16, 16)):
        fused = start.to(kind).requires_grad_()
        loss = PreservationLoss()(fused, image)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(fused.grad).all()
