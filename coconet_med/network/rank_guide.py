"""What a gray level means in its picture, and the low-passed sources: given to the network rather than learned by it.

Ours.  Which uptake is high, which is low, and in what order, are questions about the whole slice; what a convolution
sees around a pixel does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.windowing.levels import BODY

#: Where one of the sources is brighter than this, there is something of the person.

#: Bins of the histogram between whose edges shares are interpolated.
LEVELS = 32

#: Of the low pass, in pixels of what it is applied to; the field has one of its own.
SIGMA, RADIUS = 1.0, 4


def histogram_ranks(image: torch.Tensor, mask: torch.Tensor, levels: int = LEVELS) -> torch.Tensor:
    """Share of the masked pixels that are darker than each pixel, from a histogram of so many levels.

    Linear within a bin, so that it has a gradient and hardly changes with the noise or the size of the picture.

    Args:
        image: (B, 1, H, W) in [0, 1].
        mask: (B, 1, H, W) of zeros and ones.
        levels: bins of the histogram.

    Returns:
        (B, 1, H, W) in [0, 1]; 0 where the mask is 0.
    """
    # Products and sums rather than products of matrices, which autocast would take in half precision.
    edges = torch.linspace(0, levels - 1, levels, device=image.device, dtype=image.dtype).reshape(1, -1, 1, 1)
    through = (image * levels - edges).clamp(0.0, 1.0)  # how far each pixel reaches through each bin, (B, bins, H, W)
    count = mask.sum(dim=(2, 3), keepdim=True).clamp_min(1.0)
    beyond = (through * mask).sum(dim=(2, 3), keepdim=True) / count  # from 1 down to 0, (B, bins, 1, 1)
    share = torch.cat([torch.ones_like(beyond[:, :1]), beyond[:, :-1]], dim=1) - beyond
    return (through * share).sum(dim=1, keepdim=True) * mask


class LowPass(nn.Module):
    """Gaussian blur of (B, C, H, W) with reflected borders; H and W over :data:`RADIUS`.

    Args:
        channels: C.
        sigma: standard deviation in pixels.
    """

    if TYPE_CHECKING:  # TorchScript does not understand the annotation
        kernel: torch.Tensor

    def __init__(self, channels: int, *, sigma: float = SIGMA) -> None:
        super().__init__()
        self.channels, self.radius = channels, RADIUS  # TorchScript knows no globals
        t = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
        kernel = torch.exp(-0.5 * (t / sigma).square())
        kernel = (kernel / kernel.sum()).float().reshape(1, 1, 1, -1).repeat(channels, 1, 1, 1)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        kernel = self.kernel.to(image.dtype)
        image = F.pad(image, [self.radius, self.radius, self.radius, self.radius], mode="reflect")
        image = F.conv2d(image, kernel, groups=self.channels)
        return F.conv2d(image, kernel.transpose(2, 3), groups=self.channels)


class Guide(nn.Module):
    """Features of the ranks and of the low-passed sources, at half the resolution, to be added to those of the trunk.

    They start at 0: a network that was trained without a guide computes what it did.

    Args:
        channels: of the features.

    Example:
        >>> Guide(8)(torch.rand(1, 2, 64, 64)).shape
        torch.Size([1, 8, 32, 32])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.low_pass = LowPass(2)
        self.first = nn.Sequential(nn.Conv2d(6, channels, 3, padding=1), nn.LeakyReLU(0.2), nn.BatchNorm2d(channels))
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]  # a convolution has a bias by default

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (B, 2, H, W) sources in [0, 1], H and W even and at least 16, to features (B, C, H / 2, W / 2)."""
        return self.second(self.first(self.shown(image)))

    def shown(self, image: torch.Tensor) -> torch.Tensor:
        """What is given, (B, 6, H / 2, W / 2).

        Ranks of both sources, where the head is, both sources low-passed, and the rank of the low-passed function.
        """
        # Sums over the whole picture leave the range of half precision.
        half = F.avg_pool2d(image if image.dtype == torch.float64 else image.float(), 2)
        low = self.low_pass(half).to(half.dtype)  # autocast lowers it
        head, low_head = _head(half), _head(low)
        shown = [
            histogram_ranks(half[:, 0:1], head),
            histogram_ranks(half[:, 1:2], head),
            head,
            low,
            histogram_ranks(low[:, 1:2], low_head),
        ]
        return torch.cat(shown, dim=1).to(image.dtype)


def _head(image: torch.Tensor, dark: float = BODY) -> torch.Tensor:
    return (image.amax(dim=1, keepdim=True) > dark).to(image.dtype)
