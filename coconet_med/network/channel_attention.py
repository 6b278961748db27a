"""Channel attention: lets every channel of a feature map gather what the channels unlike it carry.

Source: the channel-attention block of CoCoNet (Liu et al., IJCV 2024, section 3.1), there without normalization.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ChannelAttention(nn.Module):
    """Channel-attention block of width C, shared by the three feature maps of one level.

    Three 3x3 convolutions give queries Q, keys K and values V, flattened over their pixels to (B, C, H * W), and

    ``E = Q K^T`` with rows of Q and K scaled to length 1; ``attention = softmax(rowmax(E) - E)``;
    ``out = gamma * (attention V) + V``,

    with a learned scalar ``gamma`` that starts at 0.  Two things are ours.  The lengths of 1: the published block sums
    unscaled products over the pixels, so that its energy grows with the picture, leaves the range of half precision,
    and turns the softmax into a switch that throws neighboring slices apart (seen in training: energies of 10^6).  As
    cosines, energies lie in [-1, 1] whatever the size of the picture and of the features.  And queries and keys of
    max-pooled features: they only serve to find out which channels are alike, a sum over the whole picture, and cost a
    quarter of the network's arithmetic at full resolution.

    Args:
        channels: width C.
        pooling: side of the squares of pixels that give one query and one key; 1 as published.
        cosine: whether energies are cosines; ``False`` for the unscaled sums of the publication.

    Example:
        >>> ChannelAttention(4)(torch.zeros(2, 4, 8, 8)).shape
        torch.Size([2, 4, 8, 8])
    """

    def __init__(self, channels: int, *, pooling: int = 2, cosine: bool = True) -> None:
        super().__init__()
        self.pooling, self.cosine = pooling, cosine
        self.query = nn.Conv2d(channels, channels, 3, padding=1)
        self.key = nn.Conv2d(channels, channels, 3, padding=1)
        self.value = nn.Conv2d(channels, channels, 3, padding=1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, C, H, W) features to (B, C, H, W) features."""
        value = self.value(x)
        pooled = F.max_pool2d(x, self.pooling) if self.pooling > 1 else x
        attention = channel_attention(self.query(pooled).flatten(2), self.key(pooled).flatten(2), self.cosine)
        gathered = torch.matmul(attention, value.flatten(2)).reshape(value.shape)
        return self.gamma * gathered + value


def channel_attention(query: torch.Tensor, key: torch.Tensor, cosine: bool = True) -> torch.Tensor:
    """Attention of each channel to each other one, (B, C, C), from flattened (B, C, N) queries and keys.

    Rows sum to 1; the larger the energy between two channels, the *smaller* the attention: a channel attends to those
    that differ from it.  Energies are cosines, or sums over the pixels as they are.
    """
    if cosine:
        query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    energy = torch.matmul(query, key.transpose(1, 2))
    return torch.softmax(energy.amax(dim=-1, keepdim=True) - energy, dim=-1)
