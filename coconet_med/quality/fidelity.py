"""What a fused picture keeps of both sources at once: the headline measures.

Defined in evaluation.md; the readings below are those that reproduce its published rows on the atlas to 0.001:

* f, m and p are rounded to 8 bits (:func:`~coconet_med.quality.pixels.luminance`); p of a color picture is its Y;
* the head is cut out as in :func:`~coconet_med.quality.regions.find_regions`;
* LP is a Gaussian of sigma 3 px, cut at 4 sigma, the picture mirrored at its frame;
* ``H`` is 0 as soon as one of its parts is 0 or negative;
* ``Q_MRI`` is taken over the **whole picture**: the text says "the whole head", but only the whole picture gives its
  numbers.  ``Q_MRI_head`` is the other reading, 0 to 0.02 away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.color.bt601 import chroma
from coconet_med.filters import gaussian
from coconet_med.quality.edges import edge_fidelity, find_edges
from coconet_med.quality.pixels import Floats, Mask, check_same_size, is_color, luminance
from coconet_med.quality.ranks import spearman
from coconet_med.quality.regions import find_regions
from coconet_med.quality.ssim import ssim_map
from coconet_med.quality.vif import vif

#: Standard deviation in pixels of the blur that tells the slow signal from anatomy.
LOW_PASS_SIGMA: Final = 3.0
#: Length of the chroma vector (Cb, Cr) from which on a pixel has a hue worth comparing.
_COLORFUL = 10.0

FIDELITY_MEASURES: Final = (
    "H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "Q_MRI_head",
    "VIF_min", "Q_min", "SSIMh_min", "leak", "sat%", "hue_deg",
)  # fmt: skip


def low_pass(image: Floats) -> Floats:
    """LP of evaluation.md: a Gaussian blur of sigma 3 px of a ``(j, i)`` picture."""
    return gaussian(image, LOW_PASS_SIGMA)


def harmonic_mean(parts: Sequence[float]) -> float:
    """Harmonic mean; 0 if a part is 0 or negative (it must not be bought back by the others), nan if a part is nan."""
    values = np.asarray(parts, dtype=np.float64)
    if np.isnan(values).any():
        return float("nan")
    return float(values.size / (1.0 / values).sum()) if (values > 0.0).all() else 0.0


def fidelity(
    anatomy: ArrayLike, function: ArrayLike, fused: ArrayLike, *, fused_rgb: ArrayLike | None = None
) -> dict[str, float]:
    """The fidelity measures of one slice.

    Args:
        anatomy: m, ``(j, i)`` or RGB, 0..255.
        function: p, the scalar uptake scaled to 0..255 where it is known, else the picture (RGB: its Y is p).
        fused: f, ``(j, i)`` luminance or ``(j, i, 3)`` RGB, 0..255.
        fused_rgb: the colored result where ``fused`` is only its luminance; for ``hue_deg``.

    Returns:
        One value for each of :data:`FIDELITY_MEASURES`.  nan means that there was nothing to measure: an empty region,
        a source that is constant in it, or (``hue_deg``) no colors to compare.

    Raises:
        GeometryError: if the pictures differ in size or are not pictures.
    """
    m, p, f = luminance(anatomy), luminance(function), luminance(fused)
    check_same_size(anatomy=m, function=p, fused=f)
    regions = find_regions(m, p)
    edges_m, edges_p, edges_f = (find_edges(x) for x in (m, p, f))
    low_f = low_pass(f)
    values = {
        "rho_lp": spearman(low_pass(p), low_f, regions.pos),
        "Q_MRI_in": edge_fidelity(edges_m, edges_f, where=regions.pos),
        "rho_MRI_cold": spearman(low_pass(m), low_f, regions.cold),
        "Q_MRI": edge_fidelity(edges_m, edges_f),
        "Q_MRI_head": edge_fidelity(edges_m, edges_f, where=regions.head),
        "VIF_min": min(vif(m, f), vif(p, f)),
        "Q_min": _worse(edge_fidelity(edges_m, edges_f), edge_fidelity(edges_p, edges_f)),
        "SSIMh_min": min(_ssim_inside(m, f, regions.head), _ssim_inside(p, f, regions.head)),
        "leak": _mean(f[regions.empty]),
        "sat%": 100.0 * _mean(f[regions.head] >= 255.0),
        "hue_deg": _hue_of_pair(function, fused if fused_rgb is None else fused_rgb, regions.head),
    }
    values["H"] = harmonic_mean([values["rho_lp"], values["Q_MRI_in"], values["rho_MRI_cold"]])
    return {name: values[name] for name in FIDELITY_MEASURES}


def hue_difference(a: ArrayLike, b: ArrayLike, where: Mask) -> float:
    """Mean angle in degrees (0..180) between the chroma vectors (Cb, Cr) of two RGB pictures over a mask.

    Only pixels with a chroma of at least 10 in both pictures have a hue; nan if there are none.
    """
    (bu, ru), (bv, rv) = chroma(a), chroma(b)
    colorful = where & (np.hypot(bu, ru) >= _COLORFUL) & (np.hypot(bv, rv) >= _COLORFUL)
    angle = np.arctan2(np.abs(bu * rv - ru * bv), bu * bv + ru * rv)
    return _mean(np.degrees(angle[colorful]))


def _hue_of_pair(function: ArrayLike, fused: ArrayLike, head: Mask) -> float:
    if not (is_color(function) and is_color(fused)):
        return float("nan")
    return hue_difference(function, fused, head)


def _ssim_inside(source: Floats, fused: Floats, head: Mask) -> float:
    return _mean(ssim_map(source, fused, data_range=255.0)[head])


def _worse(a: float, b: float) -> float:
    """The smaller of two values of which one may be nan because that source has no edge at all."""
    return float(np.fmin(a, b))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
