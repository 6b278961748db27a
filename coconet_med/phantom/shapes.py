"""Signed distances of the simple bodies the head is put together from (negative inside, mm, LPS)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Shape:
    """A body: where it may be found, and its signed distance.

    Attributes:
        lower: lower corner (x, y, z) of a box around the body, mm LPS.
        upper: upper corner of that box.
        distance: maps coordinate arrays x, y, z (any mutually broadcastable shapes) to approximate signed distances.
    """

    lower: np.ndarray
    upper: np.ndarray
    distance: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def smooth_minimum(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """Union of two signed distances whose meeting edge is rounded over about ``radius`` mm."""
    overlap = np.maximum(radius - np.abs(a - b), 0) / radius
    return np.minimum(a, b) - overlap * overlap * (radius / 4)


def smooth_maximum(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """Intersection of two signed distances with a rounded edge."""
    return -smooth_minimum(-a, -b, radius)


def ellipsoid(center: Vector, radii: Vector, *, turn: float = 0.0, tilt: float = 0.0, power: float = 2.0) -> Shape:
    """(Super)ellipsoid, exact on its surface and of first order around it.

    Args:
        center: mm LPS.
        radii: half axes along x, y, z, mm.
        turn: rotation about the z axis, degrees, counter-clockwise seen from above.
        tilt: rotation about the x axis, degrees, applied after ``turn``.
        power: 2 for an ellipsoid; larger values fill the corners.
    """
    cos_turn, sin_turn = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    cos_tilt, sin_tilt = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        x, y, z = x - np.float32(center[0]), y - np.float32(center[1]), z - np.float32(center[2])
        if tilt:
            y, z = cos_tilt * y + sin_tilt * z, cos_tilt * z - sin_tilt * y
        if turn:
            x, y = cos_turn * x + sin_turn * y, cos_turn * y - sin_turn * x
        return ellipsoid_distance(x, y, z, radii, power=power)

    reach = np.asarray(radii, float)
    if turn or tilt:
        reach = np.full(3, reach.max())
    return Shape(np.asarray(center) - reach, np.asarray(center) + reach, distance)


def ellipsoid_distance(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, radii: tuple[float, float, float | np.ndarray], *, power: float = 2.0
) -> np.ndarray:
    """``(n - 1) / |grad n|`` with ``n`` the scaled p-norm of (x, y, z): a distance of first order."""
    u, v, w = np.abs(x) / np.float32(radii[0]), np.abs(y) / np.float32(radii[1]), np.abs(z) / radii[2]
    if power == 2.0:
        norm = np.sqrt(u * u + v * v + w * w)
        slope = np.sqrt((u / np.float32(radii[0])) ** 2 + (v / np.float32(radii[1])) ** 2 + (w / radii[2]) ** 2)
        return norm * (norm - 1) / np.maximum(slope, np.float32(1e-6))
    p = np.float32(power)
    norm = np.maximum((u**p + v**p + w**p) ** (1 / p), np.float32(1e-3))
    u, v, w = u / norm, v / norm, w / norm
    q = p - 1
    slope = np.sqrt((u**q / np.float32(radii[0])) ** 2 + (v**q / np.float32(radii[1])) ** 2 + (w**q / radii[2]) ** 2)
    return (norm - 1) / np.maximum(slope, np.float32(1e-6))


def tube(*nodes: tuple[float, float, float, float]) -> Shape:
    """A bent tube through nodes (x, y, z, radius) in mm, with spherical ends."""
    points = np.asarray([node[:3] for node in nodes], np.float32)
    radii = np.asarray([node[3] for node in nodes], np.float32)

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        nearest: np.ndarray | None = None
        for start, stop, near, far in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
            axis = stop - start
            dx, dy, dz = x - start[0], y - start[1], z - start[2]
            along = np.clip((dx * axis[0] + dy * axis[1] + dz * axis[2]) / np.dot(axis, axis), 0, 1)
            dx, dy, dz = dx - along * axis[0], dy - along * axis[1], dz - along * axis[2]
            here = np.sqrt(dx * dx + dy * dy + dz * dz) - (near + along * (far - near))
            nearest = here if nearest is None else np.minimum(nearest, here)
        assert nearest is not None
        return nearest

    reach = radii.max()
    return Shape(points.min(0) - reach, points.max(0) + reach, distance)


def box(center: Vector, half: Vector, *, rounding: float = 0.0) -> Shape:
    """A box with rounded edges; ``half`` includes the rounding."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        beyond = [
            np.abs(value - np.float32(c)) - np.float32(h - rounding)
            for value, c, h in zip((x, y, z), center, half, strict=True)
        ]
        outside = np.sqrt(sum(np.maximum(value, 0) ** 2 for value in beyond))
        inside = np.minimum(np.maximum(np.maximum(beyond[0], beyond[1]), beyond[2]), 0)
        return outside + inside - np.float32(rounding)

    return Shape(np.subtract(center, half), np.add(center, half), distance)
