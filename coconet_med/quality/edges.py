"""How well edges of the sources live on in the fused image: Xydeas-Petrovic preservation, Qabf and Nabf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coconet_med.filters import Border, correlate
from coconet_med.quality.pixels import Floats, Mask, sigmoid


@dataclass(frozen=True)
class Edges:
    """Sobel edges of a picture: ``strength`` (gray values, unnormalized) and ``angle`` in [-pi/2, pi/2]."""

    strength: Floats
    angle: Floats


def find_edges(image: Floats) -> Edges:
    """Sobel edges of a ``(j, i)`` picture as Qabf takes them: zeros beyond the frame, angle pi/2 where sx = 0.

    The zero border makes a picture that touches its frame have an edge there; the published rows include it.
    """
    sx, sy = _sobel(image, border="zero")
    angle = np.full(image.shape, np.pi / 2)
    np.arctan(np.divide(sy, sx, out=angle.copy(), where=sx != 0), out=angle, where=sx != 0)
    return Edges(strength=np.hypot(sx, sy), angle=angle)


def preservation(source: Edges, fused: Edges) -> Floats:
    """Edge preservation Q(source -> fused) per pixel, 0..0.987 (Xydeas and Petrovic, Electronics Letters 36:308, 2000).

    Q = 0.9994 / (1 + exp(-15 (G - 0.5))) * 0.9879 / (1 + exp(-22 (A - 0.8))), where G is the ratio of the weaker to the
    stronger edge and A = 1 - |difference of angles| / (pi/2).  Where both edges are equally strong, G is the strength
    itself instead of 1, as in the evaluators everyone uses; so a perfect copy scores up to 0.98 and flat pixels 0.
    """
    a, b = source.strength, fused.strength
    weaker, stronger = np.minimum(a, b), np.maximum(a, b)
    ratio = np.divide(weaker, stronger, out=b.copy(), where=a != b)
    alignment = 1.0 - np.abs(source.angle - fused.angle) / (np.pi / 2)
    return 0.9994 * sigmoid(15.0 * (ratio - 0.5)) * 0.9879 * sigmoid(22.0 * (alignment - 0.8))


def edge_fidelity(source: Edges, fused: Edges, *, where: Mask | None = None) -> float:
    """Preservation of the source's edges averaged with their strength as weight; nan where the source has no edge.

    Args:
        source: edges of the picture whose content should survive.
        fused: edges of the result.
        where: mask ``(j, i)`` to average over; the whole picture if None.
    """
    weight = source.strength if where is None else source.strength * where
    total = weight.sum()
    return float((preservation(source, fused) * weight).sum() / total) if total > 0.0 else float("nan")


def qabf(anatomy: Edges, function: Edges, fused: Edges) -> float:
    """Qabf (Xydeas and Petrovic 2000, eq. 7): preservation of both sources, each pixel weighted by edge strength.

    The exponent L of the weights is 1.  nan if neither source has an edge.
    """
    a, b = anatomy.strength, function.strength
    total = (a + b).sum()
    kept = (preservation(anatomy, fused) * a + preservation(function, fused) * b).sum()
    return float(kept / total) if total > 0.0 else float("nan")


def nabf(anatomy: Floats, function: Floats, fused: Floats) -> float:
    """Share of edges that the fusion invented: modified fusion artifacts, smaller is better.

    Shreyamsha Kumar, Signal Image Video Process 7:1125, 2013 (modifying Petrovic and Xydeas, CVPR 2005): sum over
    pixels where the fused edge is stronger than both source edges of (1 - Qaf) wa + (1 - Qbf) wb, over the sum of
    wa + wb.  Sobel / 8 with the border mirrored, weight = strength^1.5 from a strength of 2 on, else 0 (Kumar's text
    allows 0.001 there, the codes in use take 0).  0 if no source edge reaches that strength.
    """
    (ga, ta), (gb, tb), (gf, tf) = (_kumar_edges(image) for image in (anatomy, function, fused))
    wa, wb = (np.where(g >= 2.0, g**1.5, 0.0) for g in (ga, gb))
    total = (wa + wb).sum()
    if total == 0.0:
        return 0.0
    invented = (gf > ga) & (gf > gb)
    lost = (1.0 - _kumar_preservation(ga, ta, gf, tf)) * wa + (1.0 - _kumar_preservation(gb, tb, gf, tf)) * wb
    return float(lost[invented].sum() / total)


def _sobel(image: Floats, *, border: Border) -> tuple[Floats, Floats]:
    """Differences along columns (x) and rows (y, upward), each smoothed by 1 2 1 across."""
    smooth, slope = [1.0, 2.0, 1.0], [-1.0, 0.0, 1.0]
    sx = correlate(correlate(image, slope, axis=1, border=border), smooth, axis=0, border=border)
    sy = correlate(correlate(image, slope, axis=0, border=border), smooth, axis=1, border=border)
    return sx, -sy


def _kumar_edges(image: Floats) -> tuple[Floats, Floats]:
    sx, sy = _sobel(image / 8.0, border="mirror")
    angle = np.pi / 2 * np.sign(sy)
    np.arctan(np.divide(sy, sx, out=np.zeros_like(sx), where=sx != 0), out=angle, where=sx != 0)
    return np.hypot(sx, sy), angle


def _kumar_preservation(ga: Floats, ta: Floats, gf: Floats, tf: Floats) -> Floats:
    stronger = np.maximum(ga, gf)
    ratio = np.divide(np.minimum(ga, gf), stronger, out=np.zeros_like(ga), where=stronger > 0)
    alignment = np.abs(np.abs(ta - tf) - np.pi / 2) * 2.0 / np.pi
    return np.sqrt(0.9999 * sigmoid(19.0 * (ratio - 0.5)) * 0.9995 * sigmoid(22.0 * (alignment - 0.5)))
