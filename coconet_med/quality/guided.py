"""Guided filter fusion (GFF)."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import gaussian, laplacian, mean_filter
from coconet_med.quality.pixels import Floats

_BASE_WIDTH = 31
_BASE_RADIUS, _BASE_EPSILON = 45, 0.3
_DETAIL_RADIUS, _DETAIL_EPSILON = 7, 1e-6


def guided_filter_fusion(anatomy: Floats, function: Floats) -> Floats:
    """Li, Kang and Hu, IEEE Trans Image Process 22:2864, 2013, with the parameters of its section IV.

    Two layers by a 31 x 31 mean; saliency = 11 x 11 Gaussian (sigma 5) of |Laplacian|; the binary choice of the more
    salient source, refined by guided filters (base: r 45, eps 0.3; detail: r 7, eps 1e-6), gives the weights, which
    are clipped to 0..1 and made to sum to 1.  Pictures are mirrored at their frame.
    """
    m, p = anatomy / 255.0, function / 255.0
    base_m, base_p = (mean_filter(x, _BASE_WIDTH) for x in (m, p))
    choice = (_saliency(m) >= _saliency(p)).astype(np.float64)
    w_base = _weight(m, p, choice, radius=_BASE_RADIUS, epsilon=_BASE_EPSILON)
    w_detail = _weight(m, p, choice, radius=_DETAIL_RADIUS, epsilon=_DETAIL_EPSILON)
    base = w_base * base_m + (1.0 - w_base) * base_p
    detail = w_detail * (m - base_m) + (1.0 - w_detail) * (p - base_p)
    return 255.0 * (base + detail)


def guided_filter(guide: Floats, image: Floats, *, radius: int, epsilon: float) -> Floats:
    """Edge-preserving smoothing of ``image`` along ``guide`` (He, Sun and Tang, IEEE TPAMI 35:1397, 2013)."""
    width = 2 * radius + 1
    mean_g, mean_i, mean_gi, mean_gg = (mean_filter(x, width) for x in (guide, image, guide * image, guide * guide))
    a = (mean_gi - mean_g * mean_i) / (mean_gg - mean_g**2 + epsilon)
    b = mean_i - a * mean_g
    return mean_filter(a, width) * guide + mean_filter(b, width)


def _saliency(image: Floats) -> Floats:
    return gaussian(np.abs(laplacian(image)), 5.0, radius=5)


def _weight(m: Floats, p: Floats, choice: Floats, *, radius: int, epsilon: float) -> Floats:
    """Share of the anatomy; one half where neither filter answers."""
    w_m = np.clip(guided_filter(m, choice, radius=radius, epsilon=epsilon), 0.0, 1.0)
    w_p = np.clip(guided_filter(p, 1.0 - choice, radius=radius, epsilon=epsilon), 0.0, 1.0)
    total = w_m + w_p
    return np.divide(w_m, total, out=np.full_like(w_m, 0.5), where=total > 0.0)
