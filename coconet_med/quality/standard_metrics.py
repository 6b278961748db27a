"""The usual fusion measures, as readers of papers expect them.  Easily fooled: never quote them alone.

They agree with the widely used Python evaluator of the CDDFuse authors (Zhao et al., CVPR 2023) on 8-bit pictures.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.filters import correlation
from coconet_med.quality.edges import find_edges, nabf, qabf
from coconet_med.quality.information import entropy, feature_mutual_information, mutual_information
from coconet_med.quality.pixels import Floats, check_same_size, luminance
from coconet_med.quality.ssim import ssim
from coconet_med.quality.vif import vif

STANDARD_METRICS: Final = (
    "EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM", "SSIM255", "CC", "PSNR", "FMI", "Nabf",
)  # fmt: skip
#: PSNR of a result that equals both sources, in dB; keeps the averages finite.
_PSNR_CEILING = 100.0
#: data_range that scikit-image before 0.22 assumed for float images ([-1, 1]), and with it the CDDFuse evaluator.
_FLOAT_RANGE = 2.0


def standard_metrics(anatomy: ArrayLike, function: ArrayLike, fused: ArrayLike) -> dict[str, float]:
    """All of :data:`STANDARD_METRICS` for one slice.

    ``MI``, ``VIF``, ``SSIM`` and ``SSIM255`` are sums, ``CC`` and ``PSNR`` means over both sources.  ``SSIM`` uses
    L = 2 on pictures of 0..255, which is what the CDDFuse evaluator comes to: with that, a background of 1 in place of
    0 halves it.  ``SSIM255`` uses L = 255.  ``EN`` is in bits, ``MI`` in nats, ``PSNR`` in dB.

    Args:
        anatomy: ``(j, i)`` or RGB, 0..255.
        function: ``(j, i)`` or RGB, 0..255.
        fused: ``(j, i)`` or RGB, 0..255.

    Returns:
        One value for each of :data:`STANDARD_METRICS`; nan as said at the single functions.

    Raises:
        GeometryError: if the pictures differ in size or are not pictures.
    """
    m, p, f = luminance(anatomy), luminance(function), luminance(fused)
    check_same_size(anatomy=m, function=p, fused=f)
    values = {
        "EN": entropy(f),
        "SD": float(f.std()),
        "SF": spatial_frequency(f),
        "AG": average_gradient(f),
        "MI": mutual_information(f, m) + mutual_information(f, p),
        "SCD": sum_of_correlations_of_differences(m, p, f),
        "VIF": vif(m, f) + vif(p, f),
        "Qabf": qabf(find_edges(m), find_edges(p), find_edges(f)),
        "SSIM": ssim(f, m, data_range=_FLOAT_RANGE) + ssim(f, p, data_range=_FLOAT_RANGE),
        "SSIM255": ssim(f, m, data_range=255.0) + ssim(f, p, data_range=255.0),
        "CC": (correlation(m, f) + correlation(p, f)) / 2.0,
        "PSNR": peak_signal_to_noise(m, p, f),
        "FMI": feature_mutual_information(m, p, f),
        "Nabf": nabf(m, p, f),
    }
    return {name: values[name] for name in STANDARD_METRICS}


def spatial_frequency(image: Floats) -> float:
    """SF: root of the mean squared differences along rows plus those along columns (Eskicioglu and Fisher, IEEE
    Trans Commun 43:2959, 1995); each mean over the differences that exist."""
    return float(np.sqrt(_mean_square(np.diff(image, axis=1)) + _mean_square(np.diff(image, axis=0))))


def average_gradient(image: Floats) -> float:
    """AG: mean of sqrt((gx^2 + gy^2) / 2), central differences, one-sided at the frame (Cui et al., Opt Commun 341:199,
    2015); nan if the picture is narrower than 2 pixels."""
    if min(image.shape) < 2:
        return float("nan")
    gy, gx = np.gradient(image)
    return float(np.sqrt((gx**2 + gy**2) / 2.0).mean())


def sum_of_correlations_of_differences(anatomy: Floats, function: Floats, fused: Floats) -> float:
    """SCD = r(f - p, m) + r(f - m, p) (Aslantas and Bendes, AEU 69:1890, 2015); a constant difference counts 0."""
    return correlation(fused - function, anatomy) + correlation(fused - anatomy, function)


def peak_signal_to_noise(anatomy: Floats, function: Floats, fused: Floats) -> float:
    """PSNR = 10 log10(max(f)^2 / MSE), MSE the mean of both sources' (as CDDFuse: the peak is that of the picture).

    At most 100 dB (no error at all); a black picture counts a peak of 1.
    """
    error = (np.mean((anatomy - fused) ** 2) + np.mean((function - fused) ** 2)) / 2.0
    if error == 0.0:
        return _PSNR_CEILING
    return min(_PSNR_CEILING, float(10.0 * np.log10(max(fused.max(), 1.0) ** 2 / error)))


def _mean_square(values: Floats) -> float:
    return float(np.mean(values**2)) if values.size else 0.0
