"""Fusion in bands: the Laplacian pyramid and the undecimated wavelet transform."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import correlate
from coconet_med.quality.pixels import Floats

# Burt and Adelson's generating kernel with a = 3/8 (also the B3 spline of the a-trous transform).
_KERNEL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


def laplacian_pyramid_fusion(anatomy: Floats, function: Floats, *, levels: int = 5) -> Floats:
    """The stronger detail of each band, the mean of the coarsest (Burt and Adelson, IEEE Trans Commun 31:532, 1983).

    Five levels of the 5-tap binomial kernel, mirrored about the outermost pixel, reproduce the published LP rows.
    """
    a, b = _laplacian_pyramid(anatomy, levels), _laplacian_pyramid(function, levels)
    result = (a.pop() + b.pop()) / 2.0
    while a:
        detail = _stronger(a.pop(), b.pop())
        result = _expand(result, detail.shape) + detail
    return result


def wavelet_fusion(anatomy: Floats, function: Floats, *, levels: int = 4) -> Floats:
    """The stronger detail of each plane of the a-trous B3-spline transform, the mean of the smooth rest.

    Undecimated wavelets after Nunez et al., IEEE Trans Geosci Remote Sens 37:1204, 1999.
    """
    a, b = anatomy, function
    result = np.zeros_like(anatomy)
    for level in range(levels):
        smooth_a, smooth_b = _smooth_with_holes(a, level), _smooth_with_holes(b, level)
        result = result + _stronger(a - smooth_a, b - smooth_b)
        a, b = smooth_a, smooth_b
    return result + (a + b) / 2.0


def _stronger(a: Floats, b: Floats) -> Floats:
    return np.where(np.abs(a) >= np.abs(b), a, b)


def _laplacian_pyramid(image: Floats, levels: int) -> list[Floats]:
    """Bands from fine to coarse, the coarsest picture last."""
    bands = []
    for _ in range(levels):
        coarse = _smooth(image, 1.0)[::2, ::2]
        bands.append(image - _expand(coarse, image.shape))
        image = coarse
    return [*bands, image]


def _expand(coarse: Floats, shape: tuple[int, ...]) -> Floats:
    fine = np.zeros(shape)
    fine[::2, ::2] = coarse
    return _smooth(fine, 2.0)


def _smooth(image: Floats, gain: float) -> Floats:
    """Kernel along both axes, times ``gain`` along each."""
    for axis in (0, 1):
        image = correlate(image, gain * _KERNEL, axis=axis, border="mirror")
    return image


def _smooth_with_holes(image: Floats, level: int) -> Floats:
    """The kernel with 2^level - 1 zeros between its taps."""
    kernel = np.zeros(4 * 2**level + 1)
    kernel[:: 2**level] = _KERNEL
    for axis in (0, 1):
        image = correlate(image, kernel, axis=axis, border="mirror")
    return image
