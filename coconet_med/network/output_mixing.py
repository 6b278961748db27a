"""The last step of the network: a smooth field says how much of each source to take and what to add.

Ours.  The field lives at the resolution of the network, is low-passed, and is brought up to that of the sources, which
are never blurred themselves: edges pass from the sources to the result, and nothing else in it is sharp.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

#: Says of which kind of mixing weights are; 1 and 2 mixed at the resolution of the sources.
KIND = 3

#: Standard deviation of the low pass of the field within the slice, in pixels of the network.
WITHIN = 0.8

#: Channels of a field: the amount, and how much more of the anatomical and of the functional source.
CHANNELS = 3


def mix(image: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
    """The anatomical source, more or less of it, some of the functional one, and an amount: (B, 1, H, W) in [0, 1].

    Args:
        image: (B, 2, H, W) sources in [0, 1].
        field: (B, 3, H, W): the amount, and how much more of the anatomical and of the functional source.
    """
    field = field.to(image.dtype)
    return within(image[:, 0:1] + field[:, 0:1] + (field[:, 1:3] * image).sum(dim=1, keepdim=True))


def enlarged(field: torch.Tensor) -> torch.Tensor:
    """A field (B, C, h, w) at twice its resolution, bilinear."""
    return F.interpolate(field, scale_factor=2.0, mode="bilinear", align_corners=False)


def within(luminance: torch.Tensor) -> torch.Tensor:
    """Clamp to [0, 1]; in training its gradient still leads back from outside."""
    if torch.jit.is_scripting() or torch.jit.is_tracing() or torch.compiler.is_compiling():
        return luminance.clamp(0.0, 1.0)
    return _trainable(luminance)


@torch.jit.unused
def _trainable(luminance: torch.Tensor) -> torch.Tensor:
    return _Within.apply(luminance)


class _Within(torch.autograd.Function):
    """Clamp to [0, 1] whose gradient still leads back from outside."""

    @staticmethod
    def forward(ctx: Any, luminance: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(luminance)
        return luminance.clamp(0.0, 1.0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (luminance,) = ctx.saved_tensors
        outward = ((luminance > 1) & (gradient < 0)) | ((luminance < 0) & (gradient > 0))
        return gradient.masked_fill(outward, 0.0)
