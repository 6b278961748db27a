"""CoCoNet: U-Net trunk, two-source feature branch, and a multi-level attention module that joins them.

Source: J. Liu, R. Lin, G. Wu, R. Liu, Z. Luo, X. Fan, "CoCoNet: Coupled Contrastive Learning Network with Multi-level
Feature Ensemble for Multi-modality Image Fusion", IJCV 2024.  Written from the description of the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.network.channel_attention import ChannelAttention
from coconet_med.network.output_mixing import CHANNELS, KIND, WITHIN, enlarged, mix
from coconet_med.network.rank_guide import Guide, LowPass
from coconet_med.network.vgg_branch import FeatureBranch

_PUBLISHED = {
    "pooling": 1,
    "guided": False,
    "mixed": False,
    "cosine": False,
    "centered": True,
    "last_norm": False,
    "published_order": True,
}

#: Arguments of :class:`CoCoNet`: the released configuration, the same at four times the width, and the network as
#: published in both widths.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "full": {"width": 32},
    "light": {"width": 8},
    "published": {"width": 32, **_PUBLISHED},
    "published-light": {"width": 8, **_PUBLISHED},
}

#: Pictures are padded to a multiple of this inside the network and cropped back.
SIZE_MULTIPLE = 16

#: Smallest height and width.
SIZE_MINIMUM = 16


#: What each number of ``arrangement`` behind the third one is where weights have but three.
_USUAL = {"cosine": True, "centered": False, "last_norm": True, "published_order": False}


def _conv(inputs: int, outputs: int, *, norm: bool = True) -> nn.Sequential:
    """3x3 convolution, LeakyReLU(0.2), batch norm, in this order."""
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1), nn.LeakyReLU(0.2), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers[: 3 if norm else 2])


class Ensemble(nn.Module):
    """One level of the multi-level attention module.

    The trunk's features and those of the two sources pass one shared :class:`ChannelAttention`; a 3x3 convolution
    reduces the three results to the level's width.
    """

    def __init__(self, channels: int, *, pooling: int = 2, cosine: bool = True, published_order: bool = False) -> None:
        super().__init__()
        self.published_order = published_order
        self.attention = ChannelAttention(channels, pooling=pooling, cosine=cosine)
        self.merge = nn.Conv2d(3 * channels, channels, 3, padding=1)

    def forward(self, trunk: torch.Tensor, anatomy: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Three (B, C, H, W) feature maps in, one out."""
        # One by one rather than as one batch of 3B: the engines run small batches faster, and memory stays low.
        first, second = (function, anatomy) if self.published_order else (anatomy, function)
        return self.merge(torch.cat([self.attention(x) for x in (trunk, first, second)], dim=1))


class _Up(nn.Module):
    """Bilinear upsampling by 2 and a halving convolution, then the skip connection and two convolutions."""

    def __init__(self, channels: int, *, norm: bool = True, published_order: bool = False) -> None:
        super().__init__()
        self.published_order = published_order
        self.halve = nn.Conv2d(channels, channels // 2, 3, padding=1)
        self.join = nn.Sequential(_conv(channels, channels // 2), _conv(channels // 2, channels // 2, norm=norm))

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.halve(F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False))
        first, second = (x, skip) if self.published_order else (skip, x)
        return self.join(torch.cat([first, second], dim=1))


class CoCoNet(nn.Module):
    """Fuses an anatomical and a functional slice into one luminance.

    Args:
        width: channels of the first level; the four levels have 1, 2, 4 and 8 times as many (32 in the paper).
        pooling: of the features that queries and keys are made of, see :class:`ChannelAttention` (1 in the paper).
        guided: whether the trunk is given what gray levels mean in their picture, see :class:`Guide` (not in the
            paper).
        mixed: whether the network sees the sources at half their resolution and gives a field that says how much of
            each to take and what to add, see :mod:`coconet_med.network.output_mixing`, rather than the fused luminance
            itself (as in the paper).
        cosine: whether energies of the attention are cosines, see :class:`ChannelAttention` (sums in the paper's code).
        centered: whether pictures are padded by reflection on all sides, as in the paper's code, rather than by
            repeated pixels below and to the right.
        last_norm: whether a batch norm stands before the last layer (not in the paper's code).
        published_order: order of what is concatenated, as in the paper's code: the anatomical source before the
            functional one in the trunk, behind it in the ensembles, and the decoder's features before the skip's.  It
            changes nothing but the places of weights.
        frozen_features: whether the feature branch is left out of the training, as in the paper: for one that was
            started by :meth:`FeatureBranch.load_vgg19 <coconet_med.network.vgg_branch.FeatureBranch.load_vgg19>`.

    Example:
        >>> net = CoCoNet(width=8).eval()
        >>> net(torch.rand(1, 2, 50, 70)).shape
        torch.Size([1, 1, 50, 70])
    """

    def __init__(
        self,
        width: int = 32,
        *,
        pooling: int = 2,
        guided: bool = True,
        mixed: bool = True,
        cosine: bool = True,
        centered: bool = False,
        last_norm: bool = True,
        published_order: bool = False,
        frozen_features: bool = False,
    ) -> None:
        super().__init__()
        self.multiple = SIZE_MULTIPLE  # TorchScript knows no globals
        self.centered, self.published_order = centered, published_order
        w1, w2, w3, w4 = width, 2 * width, 4 * width, 8 * width
        self.encode1 = nn.Sequential(_conv(2, w1), _conv(w1, w1))
        self.encode2 = nn.Sequential(_conv(w1, w2), _conv(w2, w2))
        self.encode3 = nn.Sequential(_conv(w2, w3), _conv(w3, w3))
        self.encode4 = _conv(w3, w4)
        self.bottom = _conv(w4, w4)
        self.features = FeatureBranch(width).requires_grad_(not frozen_features)
        self.guide = Guide(w1) if guided else None
        self.ensemble2, self.ensemble3, self.ensemble4 = (
            Ensemble(w, pooling=pooling, cosine=cosine, published_order=published_order) for w in (w2, w3, w4)
        )
        self.decode3, self.decode2, self.decode1 = (
            _Up(w, norm=last_norm or w > w2, published_order=published_order) for w in (w4, w3, w2)
        )
        self.mixed = mixed
        self.low_pass = LowPass(CHANNELS, sigma=WITHIN) if mixed else None
        # So that weights say what they are of: pooling does not show in their shapes.
        arrangement = [pooling, int(guided), KIND if mixed else 0]
        more = {"cosine": cosine, "centered": centered, "last_norm": last_norm, "published_order": published_order}
        if more != _USUAL:
            arrangement += [int(value) for value in more.values()]
        self.register_buffer("arrangement", torch.tensor(arrangement))
        self.out = nn.Conv2d(w1, CHANNELS if mixed else 1, 1)
        if mixed:  # begins near the anatomical source: beyond the range, where nothing is seen, little is learned
            nn.init.uniform_(self.out.weight, -0.1 / w1**0.5, 0.1 / w1**0.5)
            nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]  # a convolution has a bias by default

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Fuse slices.

        Args:
            image: (B, 2, H, W) in [0, 1]; channel 0 anatomical, channel 1 functional; H and W at least 16.

        Returns:
            Fused luminance (B, 1, H, W) in [0, 1].

        Raises:
            ValueError: another number of dimensions or channels, or a side under 16.
        """
        if not (torch.jit.is_scripting() or torch.jit.is_tracing() or torch.compiler.is_compiling()):
            _check(image)
        if self.low_pass is None:
            return torch.tanh(self.field(image)) * 0.5 + 0.5
        height, width = image.shape[-2], image.shape[-1]
        image = F.pad(image, [0, width % 2, 0, height % 2], mode="replicate")
        field = enlarged(self.low_passed_field(F.avg_pool2d(image, 2)).to(image.dtype))
        return mix(image, field)[..., :height, :width]

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """As of every module, but a mixture of other weights and its own is refused.

        ``monai.bundle.load`` copies the tensors that happen to fit, keeps the rest of the network as it was, random,
        and says nothing.

        Raises:
            RuntimeError: weights are missing, have other shapes, or are of a network of another kind or width.
        """
        own = self.state_dict()
        same = [name for name in own if name in state_dict and state_dict[name].data_ptr() == own[name].data_ptr()]
        if same and len(same) < len(own):
            msg = f"only {len(own) - len(same)} of {len(own)} tensors fit: weights of another kind or width of CoCoNet"
            raise RuntimeError(msg)
        return super().load_state_dict(state_dict, strict=strict, assign=assign)

    def low_passed_field(self, image: torch.Tensor) -> torch.Tensor:
        """The field (B, 3, h, w) of a mixing network, for sources (B, 2, h, w) at its resolution: what is exported."""
        field = self.field(image)
        return field if self.low_pass is None else self.low_pass(field)

    def field(self, image: torch.Tensor) -> torch.Tensor:
        """What the last layer says of sources at the resolution of the network.

        Args:
            image: (B, 2, h, w) in [0, 1], for a mixing network the sources averaged over 2 x 2 pixels.

        Returns:
            (B, 3, h, w), the field before its low pass; (B, 1, h, w), before tanh, of a network that does not mix.
        """
        height, width = image.shape[-2], image.shape[-1]
        right, below = -width % self.multiple, -height % self.multiple
        left, above = (right // 2, below // 2) if self.centered else (0, 0)
        fill = [left, right - left, above, below - above]
        image = F.pad(image, fill, mode="reflect" if self.centered else "replicate")
        x = image * 2.0 - 1.0
        anatomy, function = x[:, 0:1], x[:, 1:2]
        a2, a3, a4 = self.features(anatomy)
        f2, f3, f4 = self.features(function)
        e1 = self.encode1(x if self.published_order else torch.cat([function, anatomy], dim=1))
        half = F.max_pool2d(e1, 2)
        if self.guide is not None:
            half = half + self.guide(image)
        e2 = self.encode2(half)
        e3 = self.encode3(F.max_pool2d(e2, 2))
        e4 = self.encode4(F.max_pool2d(e3, 2))
        y = self.bottom(self.ensemble4(e4, a4, f4))
        y = self.decode3(y, self.ensemble3(e3, a3, f3))
        y = self.decode2(y, self.ensemble2(e2, a2, f2))
        y = self.decode1(y, e1)
        return self.out(y)[..., above : above + height, left : left + width]


def build_network(name: str) -> CoCoNet:
    """The untrained network of a named configuration of :data:`CONFIGURATIONS`."""
    return CoCoNet(**CONFIGURATIONS[name])


def network_of(state: Mapping[str, torch.Tensor]) -> CoCoNet:
    """The network that weights are of, with these weights.

    Raises:
        ValueError: they do not say of which arrangement they are: another network's, or an earlier release's.
        RuntimeError: weights are missing, or have other shapes.
    """
    if isinstance(state, Mapping) and "optimizer" in state:
        msg = "the checkpoint of a training, not its weights"
        raise ValueError(msg)
    if not isinstance(state, Mapping) or not {"arrangement", "encode1.0.0.weight"} <= set(state):
        msg = "no arrangement in it: of another network, or of an earlier release"
        raise ValueError(msg)
    pooling, guided, mixed, *more = state["arrangement"].tolist()
    if mixed not in (0, KIND):
        msg = "they mix the sources in another way: of an earlier release"
        raise ValueError(msg)
    width = state["encode1.0.0.weight"].shape[0]
    if len(more) not in (0, len(_USUAL)):
        msg = "an arrangement of another release"
        raise ValueError(msg)
    options = dict(zip(_USUAL, map(bool, more), strict=True)) if more else _USUAL
    net = CoCoNet(width, pooling=pooling, guided=bool(guided), mixed=bool(mixed), **options)
    net.load_state_dict(state)
    return net


def _check(image: torch.Tensor) -> None:
    if image.ndim != 4 or image.shape[1] != 2 or min(image.shape[-2:]) < SIZE_MINIMUM:
        msg = (
            f"CoCoNet takes (B, 2, H, W) with H and W of at least {SIZE_MINIMUM}, channel 0 anatomical and channel 1 "
            f"functional; got {tuple(image.shape)}"
        )
        raise ValueError(msg)
