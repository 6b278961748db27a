"""Blobs: small round things that stand out of their surroundings on all sides, bright or dark.

Extrema of the scale-normalized Laplacian of Gaussian over place and scale (T. Lindeberg, "Feature detection with
automatic scale selection", Int. J. Comput. Vis. 30:79, 1998; a disk of radius r has its extremum at sigma =
r / sqrt 2) of stated diameters and contrast, round, and surrounded on all sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from coconet_med.filters.smoothing import gaussian

#: The ring around a blob: nearest and farthest distance from its edge, mm.
RING: Final = (2.0, 6.0)
#: Every eighth of the ring must differ from the blob by this share of the contrast: a ridge or an edge is no blob.
SURROUNDED: Final = 0.4
#: Least ratio of the weaker to the stronger of the two curvatures of a blob: a line, such as the falx, is none.
ROUND: Final = 0.35
#: Share of the ring that must lie where blobs are looked for: a bump of the outline is none.
INSIDE: Final = 0.8
_SECTORS = 8
# Response of the normalized Laplacian at the center of a disk of contrast 1 and of the radius that fits the scale; a
# blurred disk answers less.
_RESPONSE, _BLURRED = 2 / np.e, 0.6


@dataclass(frozen=True)
class Blob:
    """One blob.

    Attributes:
        hot: brighter than its surroundings; else darker.
        center: row and column, pixels.
        radius: mm.
        contrast: mean of the disk minus mean of the ring, in the units of the picture; negative where cold.
        spot: indices of its pixels in the flattened picture.
        ring: indices of the ring's pixels.
    """

    hot: bool
    center: tuple[float, float]
    radius: float
    contrast: float
    spot: np.ndarray
    ring: np.ndarray


def find_blobs(
    picture: np.ndarray,
    where: np.ndarray,
    *,
    spacing: tuple[float, float],
    least: float,
    diameters: Sequence[float],
    surrounded: float = SURROUNDED,
) -> list[Blob]:
    """The blobs of a picture, strongest contrast first.

    Args:
        picture: ``(j, i)``, not negative.
        where: mask of what may be a blob.
        spacing: size of a pixel along rows and columns (j, i), mm.
        least: contrast from which on a blob counts, in the units of the picture.
        diameters: mm, ascending; neighbors by a factor of about sqrt 2.
        surrounded: share of the contrast by which every eighth of the ring must differ from the blob.

    Returns:
        Blobs; no center lies in one of the same sign that has a stronger response.
    """
    picture = np.asarray(picture, np.float64)
    response, round_enough = _responses(picture, spacing, diameters)
    in_pixels = 1 / float(np.sqrt(spacing[0] * spacing[1]))
    found: list[Blob] = []
    for hot in (True, False):
        signed = response if hot else -response
        peaks = _peaks(signed, where & round_enough, _BLURRED * _RESPONSE * least)
        candidates: list[tuple[float, Blob]] = []
        for scale, diameter in enumerate(diameters):
            centers = peaks[peaks[:, 0] == scale, 1:]
            for blob in _surrounded(picture, where, hot, centers, diameter / 2, spacing, least, surrounded):
                candidates.append((-signed[scale, int(blob.center[0]), int(blob.center[1])], blob))
        kept: list[Blob] = []
        for _, blob in sorted(candidates, key=lambda one: one[0]):
            distance = (np.hypot(*np.subtract(blob.center, other.center)) for other in kept)
            if all(d >= max(blob.radius, other.radius) * in_pixels for d, other in zip(distance, kept, strict=True)):
                kept.append(blob)
        found += kept
    return sorted(found, key=lambda blob: -abs(blob.contrast))


def _responses(
    picture: np.ndarray, step: tuple[float, float], diameters: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Normalized Laplacian, negated (bright is positive), and whether the blob is round, both ``(scale, j, i)``.

    Computed where the picture is not black, zero elsewhere.
    """
    out = np.zeros((len(diameters), *picture.shape))
    round_enough = np.zeros(out.shape, bool)
    lit = [np.flatnonzero((picture > 0).any(axis=1 - axis)) for axis in range(2)]
    if not lit[0].size:
        return out, round_enough
    box = tuple(slice(max(axis[0] - 1, 0), axis[-1] + 2) for axis in lit)
    blurred, before = picture[box], np.zeros(2)
    for n, diameter in enumerate(diameters):
        sigma = diameter / 2 / np.sqrt(2) / np.array(step)
        # From scale to scale: the variances of Gaussians add up.
        blurred = gaussian(blurred, np.sqrt(sigma**2 - before**2), truncate=3.5)
        down, along = (_second(blurred, axis) * sigma[axis] ** 2 for axis in range(2))
        slope = _first(_first(blurred, 0), 1) * sigma.prod()
        out[n][box], before = -(down + along), sigma
        # Of the two curvatures k and K: k >= ROUND K, from their sum and product.
        sum_of_both, product = down + along, down * along - slope * slope
        round_enough[n][box] = product * (1 + ROUND) ** 2 >= ROUND * sum_of_both * sum_of_both
    return out, round_enough


# As correlate has them, in a fifth of the time: fusing looks for foci in every slice.


def _first(image: np.ndarray, axis: int) -> np.ndarray:
    """Half the difference of both neighbors along an axis, the picture continued symmetrically."""
    out = np.empty_like(image)
    values, result = image.swapaxes(0, axis), out.swapaxes(0, axis)
    np.subtract(values[2:], values[:-2], out=result[1:-1])
    result[0], result[-1] = values[:2][-1] - values[0], values[-1] - values[-2:][0]
    out *= 0.5
    return out


def _second(image: np.ndarray, axis: int) -> np.ndarray:
    """Sum of both neighbors along an axis less twice the pixel, the picture continued symmetrically."""
    out = np.empty_like(image)
    values, result = image.swapaxes(0, axis), out.swapaxes(0, axis)
    np.add(values[2:], values[:-2], out=result[1:-1])
    result[0], result[-1] = values[:2][-1] + values[0], values[-1] + values[-2:][0]
    out -= 2 * image
    return out


def _peaks(response: np.ndarray, where: np.ndarray, least: float) -> np.ndarray:
    """Scale, row and column ``(n, 3)`` of the maxima among the 26 neighbors in scale and place."""
    highest = response
    for axis in range(3):  # of three neighbors along one axis after the other
        before, highest = highest, highest.copy()
        values, result = before.swapaxes(0, axis), highest.swapaxes(0, axis)
        np.maximum(result[1:], values[:-1], out=result[1:])
        np.maximum(result[:-1], values[1:], out=result[:-1])
    return np.argwhere((response == highest) & (response >= least) & where)


def _surrounded(
    picture: np.ndarray, where: np.ndarray, hot: bool, centers: np.ndarray, radius: float,
    step: tuple[float, float], least: float, surrounded: float,
) -> list[Blob]:  # fmt: skip
    """The blobs at the given places, without those that are weak, leave the picture or the mask, or go on to a side."""
    spot, ring, eighths = _stencil(radius, step)
    if not ring.size or not eighths.any(axis=0).all():
        return []  # pixels too coarse: a side of the ring holds none
    reach = np.abs(ring).max(axis=0)
    centers = centers[((centers >= reach) & (centers < picture.shape - reach)).all(axis=1)]
    flat, columns = picture.ravel(), picture.shape[1]
    spots, rings = (((centers[:, None] + offsets) @ [columns, 1]) for offsets in (spot, ring))
    level, around = flat[spots].mean(axis=1), flat[rings]
    contrast = level - around.mean(axis=1)
    sides = level[:, None] - around @ eighths
    sign = 1.0 if hot else -1.0
    good = (sign * contrast >= least) & ((sign * sides).min(axis=1) >= surrounded * sign * contrast)
    good &= where.ravel()[rings].mean(axis=1) >= INSIDE
    return [
        Blob(hot, (float(c[0]), float(c[1])), radius, float(k), s, r)
        for c, k, s, r in zip(centers[good], contrast[good], spots[good], rings[good], strict=True)
    ]


@lru_cache(maxsize=64)
def _stencil(radius: float, step: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A disk of a radius (mm) and the ring around it.

    Returns:
        Offsets (row, column) of the disk and of the ring, ``(n, 2)`` each, and the matrix ``(ring pixel, eighth)`` that
        takes the mean of each eighth of the ring.
    """
    reach = [int(np.ceil((radius + RING[1]) / s)) for s in step]
    rows, columns = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    distance = np.hypot(rows * step[0], columns * step[1])
    spot, ring = distance <= radius, (distance >= radius + RING[0]) & (distance <= radius + RING[1])
    # Eighths lie around the axes and the diagonals: cut there, a mirrored picture would have other blobs.
    angle = np.arctan2(rows[ring] * step[0], columns[ring] * step[1])
    member = np.eye(_SECTORS)[np.round((angle + np.pi) / (2 * np.pi) * _SECTORS).astype(int) % _SECTORS]
    return np.argwhere(spot) - reach, np.argwhere(ring) - reach, member / np.maximum(member.sum(axis=0), 1)
