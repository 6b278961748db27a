"""The salient functional region: what the contrast of stage 2 takes from the functional source.

The paper draws masks of infrared targets by hand.  Here the uptake itself says where it is high.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from coconet_med.training.weights import blur, single
from coconet_med.windowing.levels import BODY

#: Values above this count as signal; what is darker is background of the reconstruction.

#: Bins of the histogram from which the threshold is taken.
BINS = 128

#: Share of the signal that stays above the threshold at least, and at most.
SHARES = (0.02, 0.5)

#: Standard deviations in pixels: of the smoothing against noise, and of the soft edge.
SMOOTHING, SOFTNESS = 1.5, 1.0


@torch.no_grad()
def salient_region(function: torch.Tensor) -> torch.Tensor:
    """Soft mask of high uptake.

    1. Smooth against noise (Gaussian, 1.5 pixels).
    2. Threshold of Otsu (IEEE Trans. SMC 9 (1979) 62) among the pixels above the background, kept between the median
       and the 98th percentile of them, so that a few extreme pixels cannot empty the mask and a flat background cannot
       fill it.
    3. Clean: opening and closing with 3 x 3 pixels remove specks and pinholes.
    4. Soft edge (Gaussian, 1 pixel), so that the contrast sees no artificial contour.

    A picture without signal has an empty mask; one of even signal a full one.

    Args:
        function: (B, 1, H, W) scalar uptake (or an infrared picture) in [0, 1].

    Returns:
        (B, 1, H, W) in [0, 1], of the same dtype as the uptake (half precision becomes float32).
    """
    function = single(function).clamp(0, 1)
    smooth = blur(function, SMOOTHING)
    above = torch.stack([_threshold(picture) for picture in smooth]).reshape(-1, 1, 1, 1)
    region = (smooth >= above).to(function.dtype)
    region = _dilated(_eroded(region))
    region = _eroded(_dilated(region))
    return blur(region, SOFTNESS).clamp(0, 1)


def _threshold(picture: torch.Tensor) -> torch.Tensor:
    """Threshold of one picture; infinite where it shows nothing."""
    signal = picture[picture > BODY]
    if signal.numel() == 0:
        return picture.new_tensor(torch.inf)
    low, high = torch.quantile(signal, signal.new_tensor((1 - SHARES[1], 1 - SHARES[0])))
    return otsu(signal).clamp(low, high)


def otsu(values: torch.Tensor) -> torch.Tensor:
    """The threshold in [0, 1] that parts values in [0, 1] into the two classes farthest apart; a scalar tensor."""
    level = (values * (BINS - 1)).round().long()
    share = torch.bincount(level, minlength=BINS).to(values.dtype) / values.numel()
    centers = torch.arange(BINS, device=values.device, dtype=values.dtype) / (BINS - 1)
    below, mean = share.cumsum(0), (share * centers).cumsum(0)
    between = (mean[-1] * below - mean).square() / (below * (1 - below)).clamp_min(1e-12)
    return centers[between[:-1].argmax()] + 0.5 / (BINS - 1)


def _dilated(region: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(region, 3, stride=1, padding=1)


def _eroded(region: torch.Tensor) -> torch.Tensor:
    return -F.max_pool2d(-region, 3, stride=1, padding=1)
