"""Channel attention: lets every channel of a feature map gather what the channels unlike it carry.

Source: the channel-attention block of CoCoNet (Liu et al., IJCV 2024, section 3.1), there without normalization.
"""

from __future__ import annotations

import torch
from torch import nn


class ChannelAttention(nn.Module):
    """Channel-attention block of width C, shared by the three feature maps of one level.

    Three 3x3 convolutions give queries Q, keys K and values V, flattened over their N = H * W pixels to (B, C, N), and

    ``E = Q K^T / N``; ``attention = softmax(rowmax(E) - E)``; ``out = gamma * (attention V) + V``,

    with a learned scalar ``gamma`` that starts at 0.  The division by the number of pixels is ours: the published block
    sums over the pixels, so that its energy grows with the picture and leaves the range of half precision.  Divided, it
    is a mean over the picture: the same for 64x64 and 512x512 pixels of the same content.  Each factor carries
    ``1 / sqrt(N)``, so that no partial sum is large either.

    Args:
        channels: width C.

    Example:
        >>> ChannelAttention(4)(torch.zeros(2, 4, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 3, padding=1)
        self.key = nn.Conv2d(channels, channels, 3, padding=1)
        self.value = nn.Conv2d(channels, channels, 3, padding=1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, C, H, W) features to (B, C, H, W) features."""
        value = self.value(x)
        attention = channel_attention(self.query(x).flatten(2), self.key(x).flatten(2))
        gathered = torch.matmul(attention, value.flatten(2)).reshape(value.shape)
        return self.gamma * gathered + value


def channel_attention(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Attention of each channel to each other one, (B, C, C), from flattened (B, C, N) queries and keys.

    Rows sum to 1; the larger the energy between two channels, the *smaller* the attention: a channel attends to those
    that differ from it.
    """
    scale = query.shape[-1] ** -0.5
    energy = torch.matmul(query * scale, (key * scale).transpose(1, 2))
    return torch.softmax(energy.amax(dim=-1, keepdim=True) - energy, dim=-1)
