"""The channel attention: its formula, and what makes it safe at every size."""

from __future__ import annotations

import math

import pytest
import torch

from coconet_med.network.channel_attention import ChannelAttention, channel_attention


def _literal(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """The formula as written in the docstring, one number at a time."""
    batch, channels, pixels = query.shape
    out = torch.zeros(batch, channels, channels, dtype=query.dtype)
    for b in range(batch):
        for i in range(channels):
            energies = []
            for j in range(channels):
                dot = sum(float(query[b, i, n] * key[b, j, n]) for n in range(pixels))
                length = math.sqrt(sum(float(q) ** 2 for q in query[b, i]))
                energies.append(dot / (length * math.sqrt(sum(float(k) ** 2 for k in key[b, j]))))
            weights = [math.exp(max(energies) - e) for e in energies]
            out[b, i] = torch.tensor([w / sum(weights) for w in weights])
    return out


def test_the_attention_is_the_formula():
    torch.manual_seed(0)
    query, key = torch.randn(2, 3, 10, dtype=torch.float64), torch.randn(2, 3, 10, dtype=torch.float64)
    torch.testing.assert_close(channel_attention(query, key), _literal(query, key))


def test_a_channel_attends_most_to_the_one_most_unlike_it():
    key = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]])
    assert channel_attention(key, key)[0, 0].argmax() == 2


@pytest.mark.parametrize("pooling", [1, 2])
def test_the_block_is_its_value_until_gamma_is_learned_then_gathers_by_attention(pooling: int):
    torch.manual_seed(0)
    block, x = ChannelAttention(3, pooling=pooling), torch.randn(2, 3, 6, 4)
    value = block.value(x)
    torch.testing.assert_close(block(x), value)
    block.gamma.data.fill_(0.7)
    small = x.unflatten(3, (-1, pooling)).unflatten(2, (-1, pooling)).amax(dim=(3, 5))
    attention = channel_attention(block.query(small).flatten(2), block.key(small).flatten(2))
    gathered = torch.stack([(attention[b] @ value[b].flatten(1)).reshape(3, 6, 4) for b in range(2)])
    torch.testing.assert_close(block(x), 0.7 * gathered + value)


def test_attention_does_not_depend_on_the_size_of_the_picture():
    torch.manual_seed(0)
    query, key = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    tiled = [x.repeat(1, 1, 2, 2).flatten(2) for x in (query, key)]
    torch.testing.assert_close(channel_attention(*tiled), channel_attention(query.flatten(2), key.flatten(2)))


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_attention_does_not_depend_on_the_scale_of_the_features(scale: float):
    torch.manual_seed(0)
    query, key = torch.randn(1, 4, 64), torch.randn(1, 4, 64)
    torch.testing.assert_close(channel_attention(scale * query, scale * key), channel_attention(query, key))


def test_features_of_zero_give_even_attention():
    zero = torch.zeros(1, 4, 9)
    torch.testing.assert_close(channel_attention(zero, zero), torch.full((1, 4, 4), 0.25))


def test_gradients_are_right():
    torch.manual_seed(0)
    query, key = (torch.randn(1, 3, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(channel_attention, (query, key))


def test_large_maps_stay_finite_in_bfloat16():
    torch.manual_seed(0)
    x = 100 * torch.randn(1, 4, 256, 256)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(ChannelAttention(4)(x)).all()
