"""Feature spaces: in what terms the contrast of stage 2 calls two pictures alike.

A feature space is a frozen :class:`FeatureSpace`: gray pictures in, a list of feature maps and their weights out.  To
add one, write such a class and name it in :func:`coconet_med.training.space_choice.build_space` (docs/training.md
shows one).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.color import bt601
from coconet_med.errors import ModelError
from coconet_med.network.vgg_branch import FeatureBranch

#: BT.601 weights of R, G, B, with which the paper folds the first layer of VGG-19 to gray.
GRAY: Final = bt601.WEIGHTS


class FeatureSpace(nn.Module, ABC):
    """Frozen features of gray pictures at several levels.

    Attributes:
        name: what settings and model cards call it.
        weights: how much each level counts.
    """

    name: str
    weights: tuple[float, ...]

    @abstractmethod
    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Features of (B, 1, H, W) in [-1, 1], one (B, C, h, w) for each weight, fine to coarse."""

    def frozen(self) -> FeatureSpace:
        """Itself in eval mode, never again to be trained."""
        return self.eval().requires_grad_(False)


class GaborSpace(FeatureSpace):
    """Fixed features that need no weights: rectified responses of Gabor filters on a pyramid.

    At each of four octaves two phases (even and odd) of a Gabor filter (Daugman, J. Opt. Soc. Am. A 2 (1985) 1160) in
    ``orientations`` directions, wavelength 5 pixels, are taken with both signs, and the local mean beside them.  The
    filters have zero mean and unit length.
    """

    name = "gabor"
    weights = (0.125, 0.25, 0.5, 1.0)
    bank: torch.Tensor

    def __init__(self, orientations: int = 6, side: int = 9) -> None:
        super().__init__()
        self.register_buffer("bank", _gabor_bank(orientations, side))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        out = []
        reach = self.bank.shape[-1] // 2
        for _ in self.weights:
            padded = F.pad(image, (reach,) * 4, mode="replicate")
            response = F.conv2d(padded, self.bank.to(image.dtype))
            out.append(torch.cat([F.relu(response), F.relu(-response), image], dim=1))
            image = F.avg_pool2d(image, 2, ceil_mode=True) if min(image.shape[-2:]) > 2 else image
        return out


class BranchSpace(FeatureSpace):
    """Features learned on the slices themselves: the feature branch of a trained network.

    The branch has the layers of VGG-19 up to ``relu3_4`` and was trained in stage 1 on both kinds of sources alike.

    Args:
        path: ``.pt`` file with the state dict of a :class:`~coconet_med.network.CoCoNet`.

    Raises:
        ModelError: no such file, or other weights.
    """

    name = "branch"
    weights = (0.25, 0.5, 1.0)

    def __init__(self, path: Path) -> None:
        super().__init__()
        state = read_state(path)
        part = {key.removeprefix("features."): value for key, value in state.items() if key.startswith("features.")}
        try:
            self.branch = FeatureBranch(part["conv1_1.weight"].shape[0] // 2)
            self.branch.load_state_dict(part)
        except (KeyError, RuntimeError) as error:
            msg = f"{path}: holds no feature branch of CoCoNet; give the .pt weights of a trained network"
            raise ModelError(msg) from error

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return list(self.branch(image))


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """A state dict from a file."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        msg = f"{path}: no such file; give the path of weights of the feature space"
        raise ModelError(msg) from error
    except Exception as error:  # unpickling errors of many kinds
        msg = f"{path}: not a file of torch weights ({str(error).splitlines()[0]}); get it again"
        raise ModelError(msg) from error


def _gabor_bank(orientations: int, side: int) -> torch.Tensor:
    """(2 * orientations, 1, side, side): even and odd filters of unit length and zero mean."""
    reach = side // 2
    y, x = torch.meshgrid(*(torch.arange(-reach, reach + 1.0),) * 2, indexing="ij")
    window = torch.exp(-(x * x + y * y) / (2 * (side / 5) ** 2))
    filters = []
    for n in range(orientations):
        angle = math.pi * n / orientations
        wave = 2 * math.pi / 5 * (x * math.cos(angle) + y * math.sin(angle))
        for kernel in (torch.cos(wave) * window, torch.sin(wave) * window):
            kernel = kernel - window * kernel.sum() / window.sum()
            filters.append(kernel / kernel.norm())
    return torch.stack(filters).unsqueeze(1)
