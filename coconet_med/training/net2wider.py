"""Weights of a narrow network turned into those of a wider one that computes the same.

Source: Chen, Goodfellow, Shlens, "Net2Net: accelerating learning via knowledge transfer", ICLR 2016 (Net2WiderNet),
with every channel copied equally often, so that batch norm and the channel attention, whose softmax spreads over the
copies, compute the same as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from coconet_med.errors import ModelError


def net2wider(
    narrow: Mapping[str, torch.Tensor], wide: Mapping[str, torch.Tensor], *, noise: float = 1.0
) -> dict[str, torch.Tensor]:
    """State of a wider network that computes what the narrow one does, up to rounding.

    Each channel is copied; what a convolution reads from the copies of one channel adds up to what it read from that
    channel.  The shares differ at random, so that the copies receive different gradients and can grow apart.

    Args:
        narrow: state of the trained network.
        wide: state of the wider one, whose shapes are taken; its width is a multiple of the narrow one's.
        noise: spread of the shares, relative to that of the copied weights; 0 keeps all copies equal for ever.

    Raises:
        ModelError: the wider network is not a multiple of the narrow one.
    """
    if set(narrow) != set(wide):
        msg = f"not weights of one architecture: {sorted(set(narrow) ^ set(wide))[:3]} ... are in one of them only"
        raise ModelError(msg)
    return {name: _copied(name, narrow[name], wide[name], noise) for name in wide}


def _copied(name: str, small: torch.Tensor, large: torch.Tensor, noise: float) -> torch.Tensor:
    times = [b // a for a, b in zip(small.shape, large.shape, strict=False)]
    if small.ndim != large.ndim or [n * t for n, t in zip(small.shape, times, strict=True)] != list(large.shape):
        msg = f"{name}: {tuple(small.shape)} cannot be widened to {tuple(large.shape)}; give a multiple of its width"
        raise ModelError(msg)
    out = small.clone()
    for axis, count in enumerate(times):
        if count > 1:
            out = out.repeat_interleave(count, axis)
    if out.ndim == 4 and times[1] > 1:
        shares = out / times[1]
        groups = (torch.randn(out.shape) * noise * shares.std()).unflatten(1, (-1, times[1]))
        out = shares + (groups - groups.mean(2, keepdim=True)).flatten(1, 2)
    return out
