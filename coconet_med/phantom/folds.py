"""Gyri and sulci of the cerebrum, folia of the cerebellum.

A sulcus is a sheet that stands on the brain's envelope: the zero set of band-limited noise, which is a labyrinth of
meandering lines a gyrus apart, is drawn on the envelope and carried inwards along the normals, down to a depth that
varies along the line.  Gray matter is what lies within a cortex's thickness of the envelope or of a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coconet_med.filters import gaussian
from coconet_med.phantom import hull
from coconet_med.phantom.lattice import LOWER, STEP, Axes, lattice_axes, noise, onto
from coconet_med.phantom.shapes import smooth_minimum

GYRUS = 9.5  # mm, about, from one sulcus to the next
CARRY = 0.5  # how far from a voxel out to the envelope the pattern is looked up: 1 makes straight radial sulci
WARP = 1.6  # mm standard deviation of the smooth displacement that makes each head its own


@dataclass(frozen=True)
class Folds:
    """Lattice fields (k, j, i) that describe one head, mm.

    Attributes:
        displacement: of the world coordinates x, y, z: shapes are evaluated at displaced points, so that nothing is an
            exact ellipsoid.
        skin: signed distance to the skin.
        cavity: signed distance to the inner skull.
        envelope: signed distance to the smooth envelope of the cerebrum.
        sheet: signed distance to the nearest sulcal sheet.
        depth: depth below the envelope to which that sheet reaches.
        wander: low-pass noise of unit variance, for thicknesses that vary.
    """

    displacement: tuple[np.ndarray, np.ndarray, np.ndarray]
    skin: np.ndarray
    cavity: np.ndarray
    envelope: np.ndarray
    sheet: np.ndarray
    depth: np.ndarray
    wander: np.ndarray


def displaced(axes: Axes, head: Folds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Displaced world coordinates x, y, z at the voxels of a grid, each an array (k, j, i)."""
    z, y, x = np.meshgrid(axes.z, axes.y, axes.x, indexing="ij", sparse=True)
    x, y, z = (value + onto(axes, field) for value, field in zip((x, y, z), head.displacement, strict=True))
    return x, y, z


@lru_cache(maxsize=2)
def folds(seed: int) -> Folds:
    """The fields of one head."""
    axes = lattice_axes()
    z, y, x = np.meshgrid(axes.z, axes.y, axes.x, indexing="ij", sparse=True)
    right, back, up = (noise(seed, stream, 80) * np.float32(WARP) for stream in (1, 2, 3))
    x, y, z = x + right, y + back, z + up
    cerebrum, cavity = hull.cerebrum_and_cavity(x, y, z)
    skin = hull.head(x, y, z, cavity)
    wander = noise(seed, 4, 40)
    envelope = cerebrum + np.float32(0.5) * wander
    surface = -smooth_minimum(-envelope, hull.midline_fissure(x, y, z), 5)  # outside and in the fissure positive
    sheet, depth = _sulci(seed, x, y, z, surface)
    return Folds((right, back, up), skin, cavity, envelope, sheet, depth, wander)


def _sulci(
    seed: int, x: np.ndarray, y: np.ndarray, z: np.ndarray, surface: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance to the sulcal sheets and the depth they reach, on the lattice."""
    below = -surface
    normal = np.gradient(gaussian(surface, 1.5))
    length = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + np.float32(1e-3)
    # Half-way out to the envelope's own point, so that sheets stand on the envelope yet lean and bend; smoothed, so
    # that the pattern does not tear where the normals of two surfaces collide.
    carried = np.float32(CARRY) * np.clip(below, -4, 20) / length
    at = [value + gaussian(carried * part, 2.0) for value, part in zip((z, y, x), normal, strict=True)]
    # The hemispheres resemble each other without being mirror images.
    alike = _sample(noise(seed, 5, 2 * GYRUS, width=0.22), at[0], at[1], np.abs(at[2]))
    own = _sample(noise(seed, 6, 2 * GYRUS, width=0.22), *at)
    pattern = np.float32(0.8) * alike + np.float32(0.6) * own
    slope = np.gradient(pattern, np.float32(STEP))
    steepness = np.sqrt(slope[0] ** 2 + slope[1] ** 2 + slope[2] ** 2)
    sheet = pattern / np.maximum(steepness, 0.03)
    depth = np.clip(np.float32(18) + np.float32(4.5) * _sample(noise(seed, 7, 45), *at), 8, 28)
    depth -= 40 * np.clip(steepness - 0.75, 0, 1)  # where the pattern is squeezed all the same, no sulcus
    return sheet, depth


def _sample(field: np.ndarray, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A lattice field, interpolated linearly at world points; beyond the lattice the value at its face."""
    corners = np.ascontiguousarray(field, np.float32).ravel()
    strides = (field.shape[1] * field.shape[2], field.shape[2], 1)
    result = np.empty(z.shape, np.float32)
    for part in np.ndindex(z.shape[:1]):  # slab by slab, to stay in the cache
        first: np.ndarray = np.zeros((), np.intp)
        weights: list[np.ndarray] = []
        for value, low, count, stride in zip((z, y, x), LOWER[::-1], field.shape, strides, strict=True):
            position = np.clip((value[part] - np.float32(low)) / np.float32(STEP), 0, count - 1)
            index = np.minimum(position.astype(np.intp), count - 2)
            weights.append(position - index.astype(np.float32))
            first = first + index * stride
        result[part] = _blend(corners, first, strides, weights)
    return result


def _blend(values: np.ndarray, first: np.ndarray, strides: tuple[int, ...], weights: list[np.ndarray]) -> np.ndarray:
    """Linear interpolation between the 2^n corners of a cell, the first axis blended last."""
    if not strides:
        return values[first]
    low = _blend(values, first, strides[1:], weights[1:])
    return low + weights[0] * (_blend(values, first + strides[0], strides[1:], weights[1:]) - low)


def folia(x: np.ndarray, y: np.ndarray, z: np.ndarray, wander: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest fissure between cerebellar folia (mm), and the depth the fissure reaches (mm).

    Fissures fan out from the roof of the fourth ventricle; every third is a deep one between lobules.
    """
    from_roof_y, from_roof_z = y - 24, z + 36
    radius = np.sqrt(from_roof_y**2 + from_roof_z**2) + 4
    angle = np.arctan2(from_roof_z, from_roof_y)
    spread = np.float32(0.135)  # radians between fissures, near 5 mm at the surface
    turn = angle / spread + np.float32(0.35) * wander + np.float32(0.0009) * x * x
    nearest = np.round(turn)
    depth = np.where(np.mod(nearest, 3) == 0, np.float32(15), np.float32(7.5))
    return np.abs(turn - nearest) * spread * radius, depth
