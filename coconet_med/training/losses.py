"""Stage 1 of the paper: keep the structure and the intensities of both sources, each as far as it has something to say.

Source: CoCoNet (Liu et al., IJCV 2024), section 3.2.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.training.weights import data_sensitive_weights, single

SSIM_WINDOW = 11
SSIM_SIGMA = 1.5


def gaussian_ssim(x: torch.Tensor, y: torch.Tensor, *, padded: bool = False) -> torch.Tensor:
    """Mean structural similarity of each pair of images in [0, 1]: (B, 1, H, W) twice -> (B,).

    Gaussian 11x11 window, sigma 1.5, K = (0.01, 0.03), only windows that lie wholly inside the picture.
    Source: Wang et al., IEEE TIP 13 (2004) 600.

    Args:
        x: images.
        y: others.
        padded: a window for every pixel, with zeros around the picture, as in the code of CoCoNet.
    """
    x, y = single(x), single(y)
    if padded:
        x, y = (F.pad(image, [SSIM_WINDOW // 2] * 4) for image in (x, y))
    t = torch.arange(SSIM_WINDOW, device=x.device, dtype=x.dtype) - SSIM_WINDOW // 2
    g = torch.exp(-0.5 * (t / SSIM_SIGMA).square())
    g = (g / g.sum()).reshape(1, 1, 1, -1).expand(5, 1, 1, -1)
    stack = torch.cat([x, y, x * x, y * y, x * y], dim=1)
    stack = F.conv2d(F.conv2d(stack, g, groups=5), g.transpose(2, 3), groups=5)
    mx, my, xx, yy, xy = stack.unbind(dim=1)
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
    denominator = (mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2)
    return (numerator / denominator).mean(dim=(1, 2))


class BaseLoss(nn.Module):
    """``L_base = 20 L_ssim + L_int`` with data-sensitive weights, averaged over the batch.

    ``L_ssim = w_A (1 - SSIM(Y, A)) + w_F (1 - SSIM(Y, F))`` with the gradient weights and SSIM on [0, 1];
    ``L_int = w_A MSE(Y, A) + w_F MSE(Y, F)`` with the entropy weights and MSE on [-1, 1].

    Args:
        ssim_weight: the factor 20 of the paper.
        published: as the authors' code has it: gradients of Sobel, an entropy whose histogram grows over the batch,
            SSIM with zeros around the picture, and its mean over the batch weighted by the mean weight.
    """

    def __init__(self, *, ssim_weight: float = 20.0, published: bool = False) -> None:
        super().__init__()
        self.ssim_weight, self.published = ssim_weight, published

    def forward(self, fused: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Loss of fused luminances (B, 1, H, W) for sources (B, 2, H, W: anatomy, function), all in [0, 1]."""
        fused, image = single(fused), single(image)
        anatomy, function = image[:, 0:1], image[:, 1:2]
        by_gradient, by_entropy = (
            w.to(fused.dtype) for w in data_sensitive_weights(anatomy, function, published=self.published)
        )
        unlike = torch.stack([1 - gaussian_ssim(fused, s, padded=self.published) for s in (anatomy, function)], dim=1)
        if self.published:
            unlike = unlike.mean(dim=0, keepdim=True)
        # The factor 4 turns squared differences on [0, 1] into those on [-1, 1].
        apart = 4 * torch.stack([(fused - s).square().mean(dim=(1, 2, 3)) for s in (anatomy, function)], dim=1)
        return (self.ssim_weight * (by_gradient * unlike).sum(1) + (by_entropy * apart).sum(1)).mean()
