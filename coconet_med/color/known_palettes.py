"""Palettes that functional pictures are often painted with: by name, and recognized in a picture.

In most of them the hottest colors are darker than middling ones, so that a picture whose palette is not known cannot be
fused in the order of its uptake.  A palette counts as recognized only where the colors of the picture lie on it as
they may for a palette that was given (:mod:`coconet_med.color.unpainted`), reach over a good part of it, and lie on no
other one that would put them into another order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from coconet_med.color.colormap import STEPS
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.unpainted import distance_to, lit_colors, suits

#: In place of a palette: recognize none, and keep the colors as they are.
KEEP = "keep"

#: Well-known palettes of DICOM (PS3.6 annex A), as pydicom brings them.
_DICOM = {
    "hot-iron": "1.2.840.10008.1.5.1",
    "dicom-pet": "1.2.840.10008.1.5.2",
    "hot-metal-blue": "1.2.840.10008.1.5.3",
    "pet-20-step": "1.2.840.10008.1.5.4",
}

#: Corners of palettes in which colors run straight from one to the next.  The last two are those of the pictures of the
#: Whole Brain Atlas, which are used all over the field.
_CORNERS = {
    "jet": (
        (0, (0, 0, 128)),
        (0.125, (0, 0, 255)),
        (0.375, (0, 255, 255)),
        (0.625, (255, 255, 0)),
        (0.875, (255, 0, 0)),
        (1, (128, 0, 0)),
    ),
    "atlas-pet": (
        (0, (0, 0, 0)),
        (0.118, (0, 0, 123)),
        (0.244, (0, 85, 255)),
        (0.496, (255, 255, 0)),
        (0.748, (255, 0, 0)),
        (1, (255, 0, 255)),
    ),
    "atlas-spect": (
        (0, (0, 0, 0)),
        (0.141, (41, 71, 73)),
        (0.3575, (82, 0, 144)),
        (0.568, (190, 90, 121)),
        (0.803, (255, 114, 0)),
        (1, (255, 222, 255)),
    ),
}

#: Most colors that are looked at.
MOST_COLORS = 600

#: Part of a palette that the colors of a picture must reach over.
_LEAST_REACH = 0.4

#: Another palette speaks against the best one where its mean distance is below this many times that of the best ...
_RIVAL = 2.0

#: ... (and no less than this, of 441), and it puts the colors into another order: rank correlation below this.
_RIVAL_LEAST, _SAME_ORDER = 3.0, 0.99


@dataclass(frozen=True)
class Recognized:
    """A known palette that a picture was painted with.

    Attributes:
        name: see :func:`known_palettes`.
        table: ``uint8`` (n, 3).
    """

    name: str
    table: np.ndarray


@lru_cache(maxsize=1)
def known_palettes() -> dict[str, Callable[[], np.ndarray]]:
    """All palettes that have a name, and what makes their table."""
    classic = {name: m.palette for name, m in COLORMAPS.items() if m.kind == "classic"}
    return {
        **classic,
        **{name: partial(_of_dicom, uid) for name, uid in _DICOM.items()},
        **{name: partial(_between, knots) for name, knots in _CORNERS.items()},
    }


def recognize(rgb: np.ndarray) -> Recognized | None:
    """The known palette that a pseudo-color picture was painted with; ``None`` where none, or not surely.

    Args:
        rgb: ``uint8`` (..., 3).
    """
    colors, weight = lit_colors(rgb)
    if not len(colors):
        return None
    some = slice(None, None, -(-len(colors) // MOST_COLORS))  # a JPEG has tens of thousands
    colors, weight = colors[some], weight[some]
    fits = []
    for name, make in known_palettes().items():
        table = make()
        found = distance_to(colors, table)
        if suits(found.distance, weight, strict=True):
            fits.append((float(np.average(found.distance, weights=weight)), name, table, found.level))
    if not fits:
        return None
    fits.sort(key=lambda fit: fit[0])
    best, name, table, level = fits[0]
    ordered = np.sort(level)
    if ordered[-1] - ordered[0] < _LEAST_REACH:
        return None
    for mean, _, _, other in fits[1:]:
        if mean < max(_RIVAL * best, _RIVAL_LEAST) and _rank_correlation(level, other, weight) < _SAME_ORDER:
            return None
    return Recognized(name, table)


@lru_cache(maxsize=8)
def _of_dicom(uid: str) -> np.ndarray:
    from pydicom.pixels import apply_color_lut

    return np.asarray(apply_color_lut(np.arange(STEPS, dtype=np.uint8), palette=uid), np.uint8)


def _between(knots: tuple[tuple[float, tuple[int, int, int]], ...]) -> np.ndarray:
    at, colors = zip(*knots, strict=True)
    u = np.linspace(0, 1, STEPS)
    return np.stack([np.rint(np.interp(u, at, c)) for c in np.array(colors).T], axis=-1).astype(np.uint8)


def _rank_correlation(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> float:
    """Of levels that colors have in two palettes, each color counting as often as it is met."""
    ranks = []
    for values in (first, second):
        order = np.argsort(values, kind="stable")
        rank = np.empty(len(values))
        rank[order] = np.cumsum(weight[order]) - weight[order] / 2
        ranks.append(rank)
    mean = [np.average(r, weights=weight) for r in ranks]
    a, b = (r - m for r, m in zip(ranks, mean, strict=True))
    scale = np.sqrt(np.average(a * a, weights=weight) * np.average(b * b, weights=weight))
    return float(np.average(a * b, weights=weight) / scale) if scale else 1.0
