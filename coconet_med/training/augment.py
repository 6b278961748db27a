"""Augmentation that makes sense for fusion: geometry on both sources alike, appearance on each by itself.

Everything is drawn from a generator on the CPU and applied on the device of the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from coconet_med.training.data import SlicePair
from coconet_med.training.masks import salient_region
from coconet_med.training.weights import blur
from coconet_med.windowing.levels import BODY


@dataclass(frozen=True)
class Augmentation:
    """Probabilities of the changes; the strengths of each are in its function.

    Attributes:
        warp: rotation up to 30 degrees, zoom 0.6 to 1.5 and anisotropy up to 1.3.
        contrast: gamma and range of the anatomical image.
        inverted: another MRI contrast (bright and dark tissue swapped inside the head).
        level: gamma and maximum of the uptake.
        smooth: further blur of the uptake.
        soft: blur of the anatomical image, as in thick slices; half of the time of both, as in averages over people.
        noise: of either source.
        grey: the luminance of a pseudo-color picture in place of its uptake.
    """

    warp: float = 0.5
    contrast: float = 0.6
    inverted: float = 0.08
    level: float = 0.5
    smooth: float = 0.25
    soft: float = 0.2
    noise: float = 0.15
    grey: float = 0.25

    def batch(
        self,
        pairs: list[SlicePair],
        size: int,
        generator: torch.Generator,
        device: torch.device,
        *,
        masked: bool = False,
    ) -> torch.Tensor:
        """Augmented batch (B, 2, size, size) in [0, 1] of the drawn pairs; a third channel holds masks, if any."""
        images = [self._sources(pair, generator) for pair in pairs]
        if masked or any(pair.mask is not None for pair in pairs):
            images = [torch.cat([image, _mask_of(pair, image)]) for image, pair in zip(images, pairs, strict=True)]
        images = [self._appearance(self._geometry(image.to(device), size, generator), generator) for image in images]
        return torch.stack(images).clamp_(0, 1)

    def runs(
        self,
        runs: list[list[SlicePair]],
        size: int,
        generator: torch.Generator,
        device: torch.device,
        *,
        masked: bool = False,
    ) -> torch.Tensor:
        """Augmented batch (B, 2, size, size) of runs of neighboring slices, each run changed alike."""
        images = []
        for run in runs:
            state = generator.get_state()
            for pair in run:
                generator.set_state(state)
                images.append(self.batch([pair], size, generator, device, masked=masked))
        return torch.cat(images)

    def _sources(self, pair: SlicePair, generator: torch.Generator) -> torch.Tensor:
        unknown = pair.grey is not None and _chance(self.grey, generator)
        function = pair.grey if unknown and pair.grey is not None else pair.function
        return torch.stack([pair.anatomy, function]).float()

    def _geometry(self, image: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
        if _chance(0.5, generator):
            image = image.transpose(1, 2)
        flips = [axis for axis in (1, 2) if _chance(0.5, generator)]
        image = image.flip(flips)
        if _chance(self.warp, generator):
            return _warped(image, size, generator)
        return _cropped(image, size, generator)

    def _appearance(self, image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        anatomy, function, *mask = image.clamp(0, 1)
        if _chance(self.inverted, generator):
            anatomy = _swapped(anatomy)
        if _chance(self.contrast, generator):
            gain = _uniform(0.6, 1.15, generator)
            anatomy = (gain * anatomy ** _between(0.6, 1.7, generator)).clamp(0, 1)
        if _chance(self.soft, generator):
            anatomy = blur(anatomy[None, None], _uniform(0.5, 4.0, generator))[0, 0]
            if _chance(0.5, generator):
                function = blur(function[None, None], _uniform(0.5, 4.0, generator))[0, 0]
        if _chance(self.smooth, generator):
            function = blur(function[None, None], _uniform(0.5, 2.5, generator))[0, 0]
        if _chance(self.level, generator):
            function = _uniform(0.4, 1.0, generator) * function.clamp(0, 1) ** _between(0.5, 2.0, generator)
        for source in (anatomy, function):
            if _chance(self.noise, generator):
                grain = torch.randn(source.shape, generator=generator).to(source.device)
                source.add_(grain * (source > 2 / 255), alpha=_uniform(0.003, 0.03, generator))
        return torch.stack([anatomy, function, *mask])


def _mask_of(pair: SlicePair, image: torch.Tensor) -> torch.Tensor:
    """(1, H, W) in [0, 1]: as it was drawn, or the salient uptake of an image (2, H, W) without one."""
    return salient_region(image[None, 1:2])[0] if pair.mask is None else pair.mask.float()[None]


def _warped(image: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """Rotated, zoomed, stretched and shifted, sampled bilinearly into a square window; black outside."""
    angle = math.radians(_uniform(-30, 30, generator))
    zoom, stretch = _between(0.6, 1.5, generator), _between(1 / 1.3, 1.3, generator)
    shift = [_uniform(-0.15, 0.15, generator) for _ in range(2)]
    height, width = image.shape[1:]
    # Steps of half a window, in halves of the picture: its sides may differ.
    along, down = size / width / zoom, size / height / zoom
    cos, sin = math.cos(angle), math.sin(angle)
    theta = torch.tensor(
        [[cos * along * stretch, -sin * along, shift[0]], [sin * down * stretch, cos * down, shift[1]]],
        device=image.device,
    )
    grid = F.affine_grid(theta[None], [1, 2, size, size], align_corners=False)
    return F.grid_sample(image[None], grid, mode="bilinear", align_corners=False)[0]


def _cropped(image: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """A window of the wanted size at a random place, padded with black where the image is smaller."""
    for axis in (1, 2):
        extra = image.shape[axis] - size
        if extra > 0:
            image = image.narrow(axis, int(torch.randint(extra + 1, (1,), generator=generator)), size)
    return F.pad(image, (0, size - image.shape[2], 0, size - image.shape[1]))


def _swapped(anatomy: torch.Tensor) -> torch.Tensor:
    head = anatomy > BODY
    return torch.where(head, (1.05 - anatomy).clamp(10 / 255, 1), anatomy)


def _chance(probability: float, generator: torch.Generator) -> bool:
    return bool(torch.rand((), generator=generator) < probability)


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))


def _between(low: float, high: float, generator: torch.Generator) -> float:
    """Uniform in the logarithm: as often below as above 1 for reciprocal limits."""
    return math.exp(_uniform(math.log(low), math.log(high), generator))
