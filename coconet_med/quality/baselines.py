"""Classical fusions of a few lines, to stand beside the network in every report.

Each takes anatomy and function ``(j, i)``, 0..255, and returns float64 luminance ``(j, i)``, clipped to 0..255.  For a
volume ``(k, j, i)`` use :func:`fuse_classically`, which goes slice by slice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.errors import OptionError
from coconet_med.quality.fidelity import low_pass
from coconet_med.quality.guided import guided_filter_fusion
from coconet_med.quality.pixels import Floats, sigmoid
from coconet_med.quality.pyramid import laplacian_pyramid_fusion, wavelet_fusion

Baseline = Literal["average", "maximum", "laplacian", "wavelet", "gff", "split", "gate", "anatomy"]


def average(anatomy: Floats, function: Floats) -> Floats:
    """Half of each."""
    return (anatomy + function) / 2.0


def maximum(anatomy: Floats, function: Floats) -> Floats:
    """The brighter of the two, pixel by pixel."""
    return np.maximum(anatomy, function)


def split(anatomy: Floats, function: Floats) -> Floats:
    """Low band (sigma 3) of the function under the high band of the anatomy."""
    return low_pass(function) + anatomy - low_pass(anatomy)


def gate(anatomy: Floats, function: Floats) -> Floats:
    """Like :func:`split` where uptake is high, the anatomy itself elsewhere (evaluation.md, "Peers").

    w = sigmoid((LP p - t) / 8), t = 40th percentile of LP p above 5; without any LP p above 5 it returns the anatomy.
    """
    low_p, low_m = low_pass(function), low_pass(anatomy)
    present = low_p[low_p > 5.0]
    if present.size == 0:
        return anatomy.copy()
    w = sigmoid((low_p - np.percentile(present, 40.0)) / 8.0)
    return w * low_p + (1.0 - w) * low_m + (anatomy - low_m)


def anatomy_alone(anatomy: Floats, function: Floats) -> Floats:
    """The anatomy unchanged: no fusion at all, and the best score of most usual measures."""
    del function
    return anatomy.copy()


BASELINES: Final[dict[Baseline, Callable[[Floats, Floats], Floats]]] = {
    "average": average,
    "maximum": maximum,
    "laplacian": laplacian_pyramid_fusion,
    "wavelet": wavelet_fusion,
    "gff": guided_filter_fusion,
    "split": split,
    "gate": gate,
    "anatomy": anatomy_alone,
}


def fuse_classically(name: Baseline, anatomy: ArrayLike, function: ArrayLike) -> Floats:
    """Fuse a slice ``(j, i)`` or, slice by slice, a volume ``(k, j, i)``; values 0..255 in and out.

    Raises:
        OptionError: if there is no baseline of that name.
    """
    if name not in BASELINES:
        msg = f"no baseline is called {name!r}: choose one of {', '.join(BASELINES)}"
        raise OptionError(msg)
    m, p = np.asarray(anatomy, dtype=np.float64), np.asarray(function, dtype=np.float64)
    if m.ndim == 3:
        return np.stack([fuse_classically(name, a, b) for a, b in zip(m, p, strict=True)])
    return np.clip(BASELINES[name](m, p), 0.0, 255.0)
