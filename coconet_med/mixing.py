"""The last step of the network: how much of each source to take and what to add, softened, so that it adds no edges.

Ours.  Edges of the sources pass from input to output; whatever else is sharp would be an edge that no source has.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.guide import LowPass

#: Fine detail around a pixel (of both sources, of 1) up to which they are smooth, and from which they are not.
SMOOTH, FINE = 4 / 255, 8 / 255

#: Says of which kind of mixing weights are; 1 was softened everywhere alike.
KIND = 2


class Soften(nn.Module):
    """Low pass of what is mixed: narrow where the sources have fine detail, wide where they are smooth.

    Among anatomy and noise the eye finds no border of some pixels' width; in an average over people, or in a slice that
    was brought onto a finer grid, it finds every one.

    Args:
        channels: of what is mixed.

    Example:
        >>> Soften(3)(torch.rand(1, 3, 32, 32), torch.rand(1, 2, 32, 32)).shape
        torch.Size([1, 3, 32, 32])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.low_pass, self.detail = LowPass(channels), Detail()

    def forward(self, layer: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Soften (B, C, H, W) as (B, 2, H, W) sources in [0, 1] allow; H and W multiples of 4, over 4."""
        narrow = self.low_pass(layer)
        wide = _mean(_mean(F.avg_pool2d(layer, 2)))  # about 2.4 pixels of standard deviation, at half the resolution
        share = _doubled(self.detail(image)).to(wide.dtype)
        return _doubled(share) * narrow + _doubled((1.0 - share) * wide)


class Detail(nn.Module):
    """How fine two sources are around each pixel: from how far pixels lie from the mean of their 3 x 3 neighborhood."""

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.full((2, 1, 3, 3), -1 / 9)
        kernel[:, :, 1, 1] += 1.0
        self.register_buffer("kernel", kernel, persistent=False)
        self.smooth, self.span = SMOOTH, FINE - SMOOTH  # TorchScript knows no globals

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (B, 2, H, W) in [0, 1], H and W multiples of 4, to (B, 1, H / 4, W / 4) from 0 (smooth) to 1."""
        beyond = F.pad(image, [1, 1, 1, 1], mode="replicate")
        off = F.conv2d(beyond, self.kernel.to(image.dtype), groups=2).to(image.dtype)  # autocast lowers it
        around = _mean(_mean(F.avg_pool2d(off.abs().sum(dim=1, keepdim=True), 4)))
        return ((around - self.smooth) / self.span).clamp(0.0, 1.0)


def mix(image: torch.Tensor, layer: torch.Tensor) -> torch.Tensor:
    """The anatomical source, more or less of it, some of the functional one, and an amount: (B, 1, H, W) in [0, 1].

    Args:
        image: (B, 2, H, W) sources in [0, 1].
        layer: (B, 3, H, W): the amount, and how much more of the anatomical and of the functional source.
    """
    layer = layer.to(image.dtype)
    return _within(image[:, 0:1] + layer[:, 0:1] + (layer[:, 1:3] * image).sum(dim=1, keepdim=True))


def _mean(x: torch.Tensor) -> torch.Tensor:
    """Of each pixel and its neighbors; at the border of those that are there."""
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _within(luminance: torch.Tensor) -> torch.Tensor:
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
