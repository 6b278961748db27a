"""The feature branch of the network: the first layers of a VGG-19, on one source at a time, at three levels.

Source: Simonyan and Zisserman, ICLR 2015 (configuration E), as cut by CoCoNet (Liu et al., IJCV 2024).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.color import bt601


class FeatureBranch(nn.Module):
    """Features of one gray image at 1/2, 1/4 and 1/8 of its resolution.

    With ``width=32`` the layers are those of VGG-19 up to ``relu3_4`` (64, 128 and 256 channels), except that the first
    pooling stands before ``conv1_2`` as in CoCoNet and that the first layer takes one gray channel.  Smaller widths
    shrink every layer alike.  The branch is trained with the network (the released weights hold no ImageNet weights);
    :meth:`load_vgg19` starts it from the public ImageNet weights instead.

    Args:
        width: width of the trunk's first level; the three levels have 2, 4 and 8 times as many channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        c1, c2, c3 = 2 * width, 4 * width, 8 * width
        self.conv1_1 = nn.Conv2d(1, c1, 3, padding=1)
        self.conv1_2 = nn.Conv2d(c1, c1, 3, padding=1)
        self.conv2_1 = nn.Conv2d(c1, c2, 3, padding=1)
        self.conv2_2 = nn.Conv2d(c2, c2, 3, padding=1)
        self.conv3_1 = nn.Conv2d(c2, c3, 3, padding=1)
        self.conv3_2 = nn.Conv2d(c3, c3, 3, padding=1)
        self.conv3_3 = nn.Conv2d(c3, c3, 3, padding=1)
        self.conv3_4 = nn.Conv2d(c3, c3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Map (B, 1, H, W) to features (B, 2w, H/2, W/2), (B, 4w, H/4, W/4), (B, 8w, H/8, W/8)."""
        x = F.max_pool2d(F.relu(self.conv1_1(x)), 2)
        half = F.relu(self.conv1_2(x))
        x = F.relu(self.conv2_1(F.max_pool2d(half, 2)))
        quarter = F.relu(self.conv2_2(x))
        x = F.relu(self.conv3_1(F.max_pool2d(quarter, 2)))
        x = F.relu(self.conv3_2(x))
        x = F.relu(self.conv3_3(x))
        return half, quarter, F.relu(self.conv3_4(x))

    def load_vgg19(self, state: dict[str, torch.Tensor]) -> None:
        """Start from torchvision's VGG-19 weights (keys ``features.0.weight`` ...); ``width`` must be 32.

        The first layer is folded to gray with the weights of BT.601.

        Raises:
            ValueError: the widths do not match, or keys are missing.
        """
        for index, layer in zip((0, 2, 5, 7, 10, 12, 14, 16), self.children(), strict=True):
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            weight, bias = (state.get(f"features.{index}.{kind}") for kind in ("weight", "bias"))
            if weight is None or bias is None:
                msg = f"not VGG-19 weights of torchvision: features.{index}.weight or .bias is missing"
                raise ValueError(msg)
            if index == 0:
                gray = weight.new_tensor(bt601.WEIGHTS).reshape(1, 3, 1, 1)
                weight = (weight * gray).sum(dim=1, keepdim=True)
            if weight.shape != layer.weight.shape:
                msg = f"VGG-19 weights fit width 32 only: layer {index} is {tuple(layer.weight.shape)} here"
                raise ValueError(msg)
            with torch.no_grad():
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
