"""Visual information fidelity in the pixel domain."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import correlate
from coconet_med.quality.pixels import Floats

_NOISE = 2.0  # variance of the visual noise of the model
_TINY = 1e-10
_SCALES = 4


def vif(reference: Floats, image: Floats) -> float:
    """Information about ``reference`` that ``image`` lets the eye extract, over that of the reference itself.

    VIFp of Sheikh and Bovik, IEEE Trans Image Process 15:430, 2006 (pixel-domain version by the authors): 4 scales,
    Gaussian windows of 17, 9, 5, 3 pixels with sigma = width / 5, noise variance 2.  0 = nothing, 1 = a copy, above 1
    = contrast raised.  The fusion measure VIF is the sum over both sources.

    Returns:
        nan if the picture is under 41 pixels wide or high (the fourth scale would be empty); 1 if the reference is
        constant at every scale (there was nothing to lose), as the CDDFuse evaluator does.
    """
    got = had = 0.0
    ref, dist = reference, image
    for scale in range(1, _SCALES + 1):
        width = 2 ** (_SCALES - scale + 1) + 1
        if scale > 1:
            ref, dist = (_blur(x, width)[::2, ::2] for x in (ref, dist))
        if min(ref.shape) < width:
            return float("nan")
        scale_got, scale_had = _information(ref, dist, width)
        got, had = got + scale_got, had + scale_had
    return got / had if had > 0.0 else 1.0


def _information(ref: Floats, dist: Floats, width: int) -> tuple[float, float]:
    """Log-information through the channel, and of the source alone, summed over the windows of one scale."""
    mean_r, mean_d = _blur(ref, width), _blur(dist, width)
    var_r = np.maximum(_blur(ref * ref, width) - mean_r**2, 0.0)
    var_d = np.maximum(_blur(dist * dist, width) - mean_d**2, 0.0)
    gain = (_blur(ref * dist, width) - mean_r * mean_d) / (var_r + _TINY)
    rest = var_d - gain * (_blur(ref * dist, width) - mean_r * mean_d)
    flat_r, flat_d = var_r < _TINY, var_d < _TINY
    gain[flat_r | flat_d] = 0.0
    rest[flat_r] = var_d[flat_r]
    var_r[flat_r] = 0.0
    rest[flat_d] = 0.0
    against = gain < 0.0  # inverted contrast carries no information in this model
    rest[against] = var_d[against]
    gain[against] = 0.0
    rest = np.maximum(rest, _TINY)
    got = np.log10(1.0 + gain * gain * var_r / (rest + _NOISE)).sum()
    return float(got), float(np.log10(1.0 + var_r / _NOISE).sum())


def _blur(image: Floats, width: int) -> Floats:
    """Gaussian window of the given odd width, only where it lies wholly inside the picture."""
    half = width // 2
    if min(image.shape) < width:
        return np.zeros((0, 0))
    offsets = np.arange(-half, half + 1)
    window = np.exp(-(offsets**2) / (2.0 * (width / 5.0) ** 2))
    window /= window.sum()
    once = correlate(image, window, axis=0)[half:-half]
    return correlate(once, window, axis=1)[:, half:-half]
