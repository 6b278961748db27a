"""Structural similarity."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import mean_filter
from coconet_med.quality.pixels import Floats

_WINDOW = 7


def ssim_map(a: Floats, b: Floats, *, data_range: float) -> Floats:
    """SSIM per pixel of two ``(j, i)`` pictures (Wang et al., IEEE Trans Image Process 13:600, 2004).

    7 x 7 uniform window, sample covariances, K1 = 0.01, K2 = 0.03: the defaults of scikit-image, so that both agree.

    Args:
        a: first picture.
        b: second picture.
        data_range: L, the span of possible values; 255 for 8-bit pictures.

    Returns:
        ``(j, i)``; at the 3 pixels next to the frame the picture is mirrored.
    """
    sample = _WINDOW**2 / (_WINDOW**2 - 1.0)
    mean_a, mean_b, mean_aa, mean_bb, mean_ab = (mean_filter(x, _WINDOW) for x in (a, b, a * a, b * b, a * b))
    var_a, var_b = sample * (mean_aa - mean_a**2), sample * (mean_bb - mean_b**2)
    cov = sample * (mean_ab - mean_a * mean_b)
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    top = (2.0 * mean_a * mean_b + c1) * (2.0 * cov + c2)
    return top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


def ssim(a: Floats, b: Floats, *, data_range: float) -> float:
    """Mean of :func:`ssim_map` without the 3 pixels next to the frame; nan if the picture is narrower than 7 pixels."""
    if min(a.shape) < _WINDOW:
        return float("nan")
    edge = _WINDOW // 2
    return float(np.mean(ssim_map(a, b, data_range=data_range)[edge:-edge, edge:-edge]))
