"""The network: shapes, parameters counted by hand, and independence of batch and size."""

from __future__ import annotations

import math

import pytest
import torch

from coconet_med.network import CONFIGURATIONS, CoCoNet, build_network, network_of
from coconet_med.network.output_mixing import KIND


def _tiny(seed: int = 0) -> CoCoNet:
    """Width 2, with statistics and gammas as after training, so that nothing is hidden by zeros."""
    torch.manual_seed(seed)
    net = CoCoNet(width=2)
    for name, parameter in net.named_parameters():
        if name.endswith("gamma"):
            parameter.data.fill_(0.5)
        if name.startswith("guide.second"):
            parameter.data.normal_(std=0.3)
    net.train()
    with torch.no_grad():
        net(torch.rand(4, 2, 64, 64))
    return net.eval()


def _conv(inputs: int, outputs: int, side: int = 3) -> int:
    return side * side * inputs * outputs + outputs


def _by_hand(w: int) -> int:
    """Parameters of each part of the description, added up."""
    block = lambda i, o: _conv(i, o) + 2 * o  # noqa: E731  # convolution and batch norm
    w2, w4, w8 = 2 * w, 4 * w, 8 * w
    encoder = block(2, w) + block(w, w) + block(w, w2) + block(w2, w2) + block(w2, w4) + block(w4, w4) + block(w4, w8)
    bottom = block(w8, w8)
    features = _conv(1, w2) + _conv(w2, w2) + _conv(w2, w4) + _conv(w4, w4) + _conv(w4, w8) + 3 * _conv(w8, w8)
    ensembles = sum(3 * _conv(c, c) + 1 + _conv(3 * c, c) for c in (w2, w4, w8))
    decoder = sum(_conv(c, c // 2) + block(c, c // 2) + block(c // 2, c // 2) for c in (w8, w4, w2))
    return encoder + bottom + features + ensembles + decoder + _conv(w, 1, 1)


@pytest.mark.parametrize(("name", "count"), [("full", 9_114_244), ("light", 571_300)])
def test_parameters_are_those_of_the_description(name: str, count: int):
    width = CONFIGURATIONS[name]["width"]
    published = CoCoNet(width, pooling=1, guided=False, mixed=False)
    assert sum(p.numel() for p in published.parameters()) == _by_hand(width) == count
    # A first layer of 6 inputs, its norm, a second one, and two more outputs of the last layer.
    ours = _conv(6, width) + 2 * width + _conv(width, width) + _conv(width, 2, 1)
    assert sum(p.numel() for p in build_network(name).parameters()) == count + ours


def test_the_published_arrangement_ends_in_tanh():
    torch.manual_seed(0)
    net = CoCoNet(2, pooling=1, guided=False, mixed=False).eval()
    torch.nn.init.constant_(net.out.weight, 0.0)
    torch.nn.init.constant_(net.out.bias, 0.3)
    with torch.no_grad():
        fused = net(torch.rand(1, 2, 32, 32))
    torch.testing.assert_close(fused, torch.full_like(fused, 0.5 + 0.5 * math.tanh(0.3)))


def test_a_mixing_network_that_says_nothing_returns_the_anatomy():
    net, image = _tiny(), torch.rand(1, 2, 32, 32)
    torch.nn.init.zeros_(net.out.weight)
    torch.nn.init.zeros_(net.out.bias)
    with torch.no_grad():
        torch.testing.assert_close(net(image), image[:, 0:1], rtol=0, atol=0)


def test_what_a_mixing_network_adds_is_blurred_whatever_its_last_layer_says():
    class Step(torch.nn.Module):
        def forward(self, features: torch.Tensor) -> torch.Tensor:
            layer = torch.zeros(len(features), 3, *features.shape[-2:])
            layer[:, 0, :, features.shape[-1] // 2 :] = 1.0
            return layer

    net, image = _tiny(), torch.zeros(1, 2, 32, 32)
    net.out = Step()
    with torch.no_grad():
        steepest = net(image).diff(dim=-1).abs().max()
    assert 0.15 < steepest < 0.26  # about 1 / (0.8 sqrt(2 pi)) of the step of 1 over a pixel of the network, half of it


@pytest.mark.parametrize("options", [{}, {"pooling": 1}, {"guided": False}, {"mixed": False}])
def test_weights_say_of_which_network_they_are(options: dict):
    torch.manual_seed(0)
    net, image = CoCoNet(2, **options).eval(), torch.rand(1, 2, 32, 32)
    for level in (net.ensemble2, net.ensemble3, net.ensemble4):
        torch.nn.init.constant_(level.attention.gamma, 0.5)
    with torch.no_grad():
        torch.testing.assert_close(network_of(net.state_dict()).eval()(image), net(image), rtol=0, atol=0)


def test_weights_that_do_not_say_so_are_refused():
    state = CoCoNet(2).state_dict()
    del state["arrangement"]
    with pytest.raises(ValueError, match="of an earlier release"):
        network_of(state)


def test_the_checkpoint_of_a_training_is_named_as_what_it_is():
    state = CoCoNet(2).state_dict()
    with pytest.raises(ValueError, match="the checkpoint of a training, not its weights"):
        network_of({"model": state, "optimizer": {}, "epoch": 2})


def test_weights_that_mix_in_another_way_are_refused():
    state = CoCoNet(2).state_dict()
    state["arrangement"][2] = KIND - 1
    with pytest.raises(ValueError, match="in another way: of an earlier release"):
        network_of(state)


def test_every_parameter_takes_part():
    net = _tiny().train()
    net(torch.rand(2, 2, 32, 32)).sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (33, 50), (64, 16), (100, 47)])
def test_any_size_from_16_on_comes_back_as_it_was(size: tuple[int, int]):
    with torch.no_grad():
        fused = _tiny()(torch.rand(2, 2, *size))
    assert fused.shape == (2, 1, *size)
    assert 0 <= fused.min() <= fused.max() <= 1


@pytest.mark.parametrize("shape", [(2, 64, 64), (1, 1, 64, 64), (1, 3, 64, 64), (1, 2, 15, 64), (1, 2, 64, 8)])
def test_other_shapes_are_refused_with_the_shape_that_is_wanted(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"takes \(B, 2, H, W\)"):
        _tiny()(torch.rand(*shape))


def test_slices_of_a_batch_do_not_see_each_other():
    net, image = _tiny(), torch.rand(3, 2, 48, 40)
    with torch.no_grad():
        together, alone = net(image), torch.cat([net(image[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
        image[0] = 0
        torch.testing.assert_close(net(image)[1:], together[1:], atol=1e-6, rtol=0)


def test_both_sources_matter_and_their_order_too():
    net, image = _tiny(), torch.rand(1, 2, 32, 32)
    with torch.no_grad():
        fused = net(image)
        for channel in (0, 1):
            other = image.clone()
            other[:, channel] = torch.rand(32, 32)
            assert (net(other) - fused).abs().max() > 1e-4
        assert (net(image.flip(1)) - fused).abs().max() > 1e-4


def test_the_middle_of_a_large_picture_does_not_depend_on_how_often_it_is_repeated():
    """Attention sums over the whole picture: unless normalized, a larger picture would come out differently."""
    net, tile = _tiny(), torch.rand(1, 2, 32, 32)
    with torch.no_grad():
        # An odd number of tiles: the one in the middle is 64 or more pixels from the border in both.
        small, large = net(tile.repeat(1, 1, 5, 5)), net(tile.repeat(1, 1, 9, 9))
    middle, wide = small[..., 64:96, 64:96], large[..., 128:160, 128:160]
    torch.testing.assert_close(middle, wide, atol=2e-3, rtol=0)


def test_512_by_512_is_finite_in_bfloat16():
    image = (torch.rand(1, 2, 512, 512) > 0.5).float()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(_tiny()(image)).all()


def test_gradients_are_right():
    net = _tiny().double()
    net.out.weight.data.mul_(0.02)  # within the range: beyond it the gradient is not the derivative
    net.out.bias.data.zero_()
    image = torch.empty(1, 2, 16, 16, dtype=torch.float64).uniform_(0.2, 0.8).requires_grad_()
    direction = torch.randn_like(image)
    loss = lambda x: net(x).square().sum()  # noqa: E731
    loss(image).backward()
    with torch.no_grad():
        numeric = (loss(image + 1e-6 * direction) - loss(image - 1e-6 * direction)) / 2e-6
    torch.testing.assert_close((image.grad * direction).sum(), numeric, atol=1e-6, rtol=1e-4)
