"""Measures from information theory: entropy, mutual information, feature mutual information."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coconet_med.filters import row_correlations
from coconet_med.quality.pixels import Floats

_CHUNK = 256  # windows at a time: their joint distributions stay in the processor's cache


def entropy(image: Floats) -> float:
    """EN: Shannon entropy in bits of the 256 gray values of a :func:`~coconet_med.quality.pixels.luminance` picture."""
    return _entropy(np.bincount(image.astype(np.intp).ravel(), minlength=256)) / np.log(2.0)


def mutual_information(a: Floats, b: Floats) -> float:
    """Mutual information in nats of the gray values 0..255 of two pictures: H(a) + H(b) - H(a, b).

    Equal to ``sklearn.metrics.mutual_info_score`` of the pixels.  The fusion measure MI (Qu et al., Electronics Letters
    38:313, 2002) is the sum over both sources.
    """
    joint = np.bincount((a * 256 + b).astype(np.intp).ravel(), minlength=256 * 256).reshape(256, 256)
    return max(0.0, _entropy(joint.sum(0)) + _entropy(joint.sum(1)) - _entropy(joint))


def feature_mutual_information(anatomy: Floats, function: Floats, fused: Floats) -> float:
    """FMI on raw pixels ("FMI_pixel"): mean over 3 x 3 windows of the normalized information shared with each source.

    Haghighat et al., Comput Electr Eng 37:744, 2011; fast form by Haghighat and Razian, AICT 2014: the nine values of
    a window, scaled to min 0 and max 1 (all ones if constant) and to sum 1, are two distributions; their joint
    distribution is a mixture of independence and the Frechet bound that has the correlation of the two (Nelsen);
    2 I / (H + H) is averaged over windows and sources.  Identical windows count 1, a constant one against another 0.
    nan if the picture is smaller than the window.
    """
    if min(fused.shape) < 3:
        return float("nan")
    return 0.5 * (_shared(anatomy, fused) + _shared(function, fused))


def _entropy(counts: np.ndarray) -> float:
    return float(_entr(counts / counts.sum()).sum())


def _entr(p: Floats) -> Floats:
    """-p log p, 0 where p is 0."""
    return -p * np.log(p, out=np.zeros_like(p), where=p > 0.0)


def _shared(source: Floats, fused: Floats) -> float:
    # Column by column, as in the authors' MATLAB code: the order enters the cumulative distributions.
    s, f = (sliding_window_view(x, (3, 3)).swapaxes(-1, -2).reshape(-1, 9) for x in (source, fused))
    same = (s == f).all(axis=1)
    varies = (np.ptp(s, axis=1) > 0) & (np.ptp(f, axis=1) > 0) & ~same
    s, f = s[varies], f[varies]
    total = float(same.sum())
    for start in range(0, len(s), _CHUNK):
        total += _normalized_information(s[start : start + _CHUNK], f[start : start + _CHUNK]).sum()
    return total / same.size


def _normalized_information(source: Floats, fused: Floats) -> Floats:
    """2 I / (H + H) for windows ``(n, 9)`` that are not constant."""
    a, b = _distribution(source), _distribution(fused)
    cdf_a, cdf_b = a.cumsum(axis=1)[:, :, None], b.cumsum(axis=1)[:, None, :]
    r = row_correlations(a, b)[:, None, None]
    bound = np.where(r >= 0.0, np.minimum(cdf_a, cdf_b), np.maximum(cdf_a + cdf_b - 1.0, 0.0))
    independent = a[:, :, None] * b[:, None, :]
    spread = _spread(a) * _spread(b)
    extreme = (bound - cdf_a * cdf_b).sum(axis=(1, 2))
    usable = (spread > 1e-9) & (np.abs(extreme) > 1e-12)
    share = np.divide(r[:, 0, 0] * spread, extreme, out=np.zeros(len(a)), where=usable)[:, None, None]
    corner = np.diff(np.diff(bound, axis=1, prepend=0.0), axis=2, prepend=0.0)
    joint = share * corner + (1.0 - share) * independent
    # A share above 1 makes some cells negative; the authors' code takes the real part of x log x there, so |x| in it.
    h_joint = -(joint * np.log(np.abs(joint), out=np.zeros_like(joint), where=joint != 0.0)).sum(axis=(1, 2))
    h_a, h_b = _entr(a).sum(axis=1), _entr(b).sum(axis=1)
    both = h_a + h_b  # 0 where each window has all its mass in one pixel: no information to share
    return np.divide(2.0 * (both - h_joint), both, out=np.zeros(len(a)), where=both > 0.0)


def _distribution(windows: Floats) -> Floats:
    low, high = windows.min(axis=1, keepdims=True), windows.max(axis=1, keepdims=True)
    scaled = (windows - low) / (high - low)
    return scaled / scaled.sum(axis=1, keepdims=True)


def _spread(p: Floats) -> Floats:
    """Standard deviation of the position 1..9 under each distribution."""
    position = np.arange(1.0, 10.0)
    mean = p @ position
    return np.sqrt(np.maximum(p @ position**2 - mean**2, 0.0))
