"""Bring slices that are unevenly spaced or sheared onto a regular grid, only where the user asks for it."""

from __future__ import annotations

import numpy as np

from coconet_med.dicom.frame import MAX_VOXELS
from coconet_med.dicom.geometry import Stack
from coconet_med.errors import ReadError

#: A gap wider than this many usual steps and this many millimeters is not filled: nothing is known there.
WIDEST_STEPS = 4
WIDEST_MM = 12.0


def regrid(stack: Stack, values: np.ndarray, name: str) -> tuple[np.ndarray, tuple[float, ...]]:
    """Linear interpolation onto the grid of ``stack.plane`` with step ``stack.step``.

    Args:
        stack: ordered slices.
        values: float32 array (n, rows, columns), in the order of the slices.
        name: how messages name the series.

    Returns:
        Array (k, j, i) and the position of its first voxel, LPS mm.

    Raises:
        ReadError: a gap is too wide to be filled, or the grid would be too large.
    """
    steps = np.diff(stack.distances)
    widest = float(steps.max())
    if widest > WIDEST_STEPS * stack.step and widest > WIDEST_MM:
        raise ReadError(f"{name}: a gap of {widest:.1f} mm is too wide to be filled; the missing slices are needed")
    fill = float(values.min())
    sideways = stack.sideways if stack.sheared else np.zeros_like(stack.sideways)
    low = np.minimum(sideways.min(axis=0), 0.0)
    high = np.maximum(sideways.max(axis=0), 0.0)
    spacing = np.array([stack.plane.spacing[1], stack.plane.spacing[0]])  # along a row, along a column
    grow = np.ceil((high - low) / spacing - 1e-6).astype(int)
    depth = int(np.floor(stack.distances[-1] / stack.step + 1e-6)) + 1
    shape = (depth, values.shape[1] + int(grow[1]), values.shape[2] + int(grow[0]))
    if np.prod([float(n) for n in shape]) > MAX_VOXELS or depth > WIDEST_STEPS * len(values) + 1:
        raise ReadError(f"{name}: a regular grid of {shape} voxels would be needed; refused")

    shifts = (sideways - low) / spacing
    moved = np.stack(
        [
            _shift(plane, columns, rows, shape[1:], fill)
            for plane, (columns, rows) in zip(values, shifts.tolist(), strict=True)
        ]
    )
    wanted = np.arange(depth) * stack.step
    after = np.clip(np.searchsorted(stack.distances, wanted, side="right"), 1, len(values) - 1)
    before = after - 1
    part = ((wanted - stack.distances[before]) / steps[before])[:, None, None].clip(0.0, 1.0)
    result = moved[before] * (1 - part) + moved[after] * part
    origin = np.array(stack.origin) + low[0] * stack.plane.row + low[1] * stack.plane.column
    return result.astype(np.float32), tuple(float(v) for v in origin)


def _shift(plane: np.ndarray, columns: float, rows: float, shape: tuple[int, int], fill: float) -> np.ndarray:
    """``plane`` moved by a fraction of pixels within a larger frame."""
    if rows == columns == 0.0 and shape == plane.shape:
        return plane
    canvas: np.ndarray = np.full(shape, fill, dtype=np.float32)
    canvas[: plane.shape[0], : plane.shape[1]] = plane
    for axis, by in enumerate((rows, columns)):
        whole, part = int(by // 1), by % 1
        canvas = (1 - part) * _down(canvas, whole, axis, fill) + part * _down(canvas, whole + 1, axis, fill)
    return canvas.astype(np.float32)


def _down(plane: np.ndarray, pixels: int, axis: int, fill: float) -> np.ndarray:
    """``plane`` moved by whole pixels (>= 0) along an axis, ``fill`` coming in."""
    pixels = min(pixels, plane.shape[axis])
    moved = np.roll(plane, pixels, axis=axis).astype(np.float64)
    moved[(slice(None),) * axis + (slice(0, pixels),)] = fill
    return moved
