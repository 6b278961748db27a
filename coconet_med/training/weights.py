"""Data-sensitive weights: how much each source of a pair counts, from what each one shows.

Source: CoCoNet (Liu et al., IJCV 2024), section 3.2.  The released implementation gathers one histogram over the whole
batch; here, as in the paper's text, every image has its own.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

GRADIENT_TEMPERATURE = 0.5  # c1 of the paper
ENTROPY_TEMPERATURE = 0.75  # c2 of the paper
HISTOGRAM_BINS = 256


def single(image: torch.Tensor) -> torch.Tensor:
    """Half precision becomes float32, in which losses are computed; float32 and float64 stay as they are."""
    return image.to(torch.promote_types(image.dtype, torch.float32))


def mean_gradient(image: torch.Tensor) -> torch.Tensor:
    """Mean gradient magnitude of each image: (B, 1, H, W) -> (B,).

    Forward differences; the last row and column, which have none, are left out.
    """
    image = image.float()
    dx = image[..., :-1, 1:] - image[..., :-1, :-1]
    dy = image[..., 1:, :-1] - image[..., :-1, :-1]
    return torch.sqrt((dx.square() + dy.square()) / 2).mean(dim=(1, 2, 3))


def entropy(image: torch.Tensor) -> torch.Tensor:
    """Shannon entropy in bits of the 256-bin gray-level histogram of each image in [0, 1]: (B, 1, H, W) -> (B,)."""
    batch = image.shape[0]
    level = (image.float().clamp(0, 1) * (HISTOGRAM_BINS - 1)).round().long().reshape(batch, -1)
    shifted = level + HISTOGRAM_BINS * torch.arange(batch, device=image.device).unsqueeze(1)
    counts = torch.bincount(shifted.flatten(), minlength=batch * HISTOGRAM_BINS).reshape(batch, HISTOGRAM_BINS)
    p = counts.float() / level.shape[1]
    return torch.special.entr(p).sum(dim=1) / torch.log(torch.tensor(2.0, device=image.device))


def sobel_gradient(image: torch.Tensor) -> torch.Tensor:
    """Mean of ``|Sobel_x| + |Sobel_y|`` of each image on [-1, 1], zeros around it: (B, 1, H, W) in [0, 1] -> (B,).

    The measure of the authors' code (with its 1e-5).
    """
    across = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], dtype=torch.float32)
    kernels = torch.stack([across, across.T]).unsqueeze(1)
    return F.conv2d(2 * image.float() - 1, kernels, padding=1).abs().sum(dim=1).mean(dim=(1, 2)) + 1e-5


def growing_entropy(image: torch.Tensor) -> torch.Tensor:
    """Entropy in bits as the authors' code takes it: (B, 1, H, W) in [0, 1] -> (B,).

    Levels are cut to whole numbers, and the histogram of an image holds those of all before it in the batch.
    """
    batch = len(image)
    level = ((2 * image.float() - 1) * 127.5 + 127.5).clamp(0, 255).long().reshape(batch, -1)
    shifted = level + HISTOGRAM_BINS * torch.arange(batch, device=image.device).unsqueeze(1)
    counts = torch.bincount(shifted.flatten(), minlength=batch * HISTOGRAM_BINS).reshape(batch, HISTOGRAM_BINS)
    counts = counts.cumsum(dim=0).float()
    p = counts / counts.sum(dim=1, keepdim=True)
    return torch.special.entr(p).sum(dim=1) / torch.log(torch.tensor(2.0, device=image.device)) + 1e-4 * batch


def _share(a: torch.Tensor, f: torch.Tensor, temperature: float) -> torch.Tensor:
    total = (a + f).clamp_min(torch.finfo(a.dtype).tiny)  # two constant images: equal weights
    return torch.softmax(torch.stack([a / total, f / total], dim=1) / temperature, dim=1)


@torch.no_grad()
def data_sensitive_weights(
    anatomy: torch.Tensor, function: torch.Tensor, *, published: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of the two sources: ``softmax([x_A, x_F] / (c (x_A + x_F)))`` for x the mean gradient and the entropy.

    Args:
        anatomy: (B, 1, H, W) in [0, 1].
        function: (B, 1, H, W) in [0, 1].
        published: gradient and entropy as in the authors' code.

    Returns:
        Gradient weights (B, 2) for the SSIM term and entropy weights (B, 2) for the intensity term; column 0 is the
        anatomical source.  No gradient flows through them.
    """
    gradient, spread = (sobel_gradient, growing_entropy) if published else (mean_gradient, entropy)
    return (
        _share(gradient(anatomy), gradient(function), GRADIENT_TEMPERATURE),
        _share(spread(anatomy), spread(function), ENTROPY_TEMPERATURE),
    )


def blur(image: torch.Tensor, sigma: float, radius: int | None = None) -> torch.Tensor:
    """Gaussian blur of (B, C, H, W) with reflected borders; ``radius`` in pixels (default ``4 sigma``)."""
    radius = round(4 * sigma) if radius is None else radius
    x = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (x / sigma).square())
    kernel = (kernel / kernel.sum()).reshape(1, 1, 1, -1)
    channels = image.shape[1]
    pad = "reflect" if radius < min(image.shape[-2:]) else "replicate"
    image = F.pad(image, (radius, radius, radius, radius), mode=pad)
    image = F.conv2d(image, kernel.expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(image, kernel.transpose(2, 3).expand(channels, 1, -1, 1), groups=channels)
