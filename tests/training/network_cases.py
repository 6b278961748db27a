"""Networks of random weights in the form in which those of ImageNet come, and an engine that averages."""

from __future__ import annotations

import torch
from torch import nn


def vgg19() -> nn.Sequential:
    """VGG-19 of the paper, numbered as torchvision does; narrow, for speed."""
    torch.manual_seed(0)
    layers, inputs = [], 3
    for channels in (4, 4, "M", 8, 8, "M", 16, 16, 16, 16, "M", 16, 16, 16, 16, "M", 16, 16, 16, 16, "M"):
        if channels == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()]
            inputs = channels
    return nn.Sequential(*layers)


def efficientnet() -> dict[str, torch.Tensor]:
    """A state dict with the names of EfficientNet-Lite0, narrow."""
    generator = torch.Generator().manual_seed(0)
    random = lambda *shape: torch.randn(*shape, generator=generator) * 0.3  # noqa: E731
    state = {"_conv_stem.weight": random(4, 3, 3, 3)}

    def norm(name: str, channels: int) -> None:
        state.update({f"{name}.weight": 1 + random(channels), f"{name}.bias": random(channels)})
        state.update({f"{name}.running_mean": random(channels), f"{name}.running_var": 1 + random(channels).abs()})

    norm("_bn0", 4)
    widths = (4, 4, 6, 6, 8, 8, 10, 10, 10)
    for n, side in enumerate((3, 3, 3, 5, 5, 3, 3, 3)):
        inside = widths[n] * (2 if n else 1)
        if n:
            state[f"_blocks.{n}._expand_conv.weight"] = random(inside, widths[n], 1, 1)
            norm(f"_blocks.{n}._bn0", inside)
        state[f"_blocks.{n}._depthwise_conv.weight"] = random(inside, 1, side, side)
        norm(f"_blocks.{n}._bn1", inside)
        state[f"_blocks.{n}._project_conv.weight"] = random(widths[n + 1], inside, 1, 1)
        norm(f"_blocks.{n}._bn2", widths[n + 1])
    return state


class Mean(torch.nn.Module):
    """Stands for a network: a weighted mean of the sources, raised where both are dark."""

    def __init__(self) -> None:
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (self.share * image[:, :1] + (1 - self.share) * image[:, 1:]).clamp_min(0.1)
