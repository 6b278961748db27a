"""Colors of a picture whose palette is not known, in a row from like to like: for its legend."""

from __future__ import annotations

import numpy as np

from coconet_med.color.unpainted import lit_colors

#: Colors are gathered in cubes with this edge; those that are rarer than this share, or on one pixel only, are left
#: out, as noise of a JPEG.  The hottest focus is small.
_CUBE, _RAREST = 16, 0.0002

#: A jump this far (of 441) to the next color, and farther, ends the row: what is left are strays.
_JUMP = 90.0


def likeness_path(rgb: np.ndarray) -> np.ndarray:
    """The colors of a picture from its darkest one on, each followed by the most like it that is left.

    It is the order of likeness, not of uptake, which without the palette nobody knows.

    Args:
        rgb: ``uint8`` (..., 3).

    Returns:
        ``uint8`` (n, 3), n > 0, black first.
    """
    colors, count = lit_colors(rgb)
    black = np.zeros((1, 3), np.uint8)
    if not len(colors):
        return black
    cubes, group = np.unique(colors // _CUBE, axis=0, return_inverse=True)
    group = group.reshape(-1)
    weight = np.bincount(group, count, minlength=len(cubes))
    means = np.stack([np.bincount(group, count * c, minlength=len(cubes)) / weight for c in colors.T], axis=-1)
    left = list(means[weight >= max(2, _RAREST * count.sum())])
    row: list[np.ndarray] = [np.zeros(3)]
    while left:
        distances = np.linalg.norm(np.array(left) - row[-1], axis=1)
        nearest = int(distances.argmin())
        if len(row) > 1 and distances[nearest] > _JUMP:
            break
        row.append(left.pop(nearest))
    return np.rint(row).astype(np.uint8)
