"""Thin edges of a picture, to be drawn over another one: the eye sees at once whether both show the same place."""

from __future__ import annotations

import numpy as np

from coconet_med.filters import components, gaussian

#: Shares of the steepest gradients that begin an edge, and that continue one.
_BEGIN, _CONTINUE = 86.0, 68.0


def thin_edges(picture: np.ndarray, *, sigma: float = 1.5) -> np.ndarray:
    """Edges one pixel wide, after Canny (IEEE PAMI 8:679, 1986): steepest places along the gradient, with hysteresis.

    Args:
        picture: (rows, columns), any scale.
        sigma: of the blur that precedes, in pixels.

    Returns:
        Boolean mask of the same shape; empty where the picture is flat.
    """
    values = picture.astype(np.float32)
    down = gaussian(values, sigma, slope_along=0)
    right = gaussian(values, sigma, slope_along=1)
    steep = np.hypot(down, right)
    body = steep[steep > 0.01 * steep.max()] if steep.max() > 0 else steep[:0]
    if body.size == 0:
        return np.zeros(picture.shape, bool)
    begin, keep_on = np.percentile(body, (_BEGIN, _CONTINUE))
    crest = _crest(steep, down, right)
    labels = components(crest & (steep >= keep_on), diagonal=True)
    strong = np.zeros(labels.max() + 1, bool)
    strong[labels[crest & (steep >= begin)]] = True
    strong[0] = False
    return strong[labels]


def _crest(steep: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where the gradient is steeper than on both sides along its own direction (to the nearest 45 degrees)."""
    padded = np.pad(steep, 1)
    rows, columns = steep.shape
    octant = np.round(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    crest = np.zeros(steep.shape, bool)
    for n, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
        behind = padded[1 - dy : 1 - dy + rows, 1 - dx : 1 - dx + columns]
        crest |= (octant == n) & (steep >= ahead) & (steep > behind)
    return crest
