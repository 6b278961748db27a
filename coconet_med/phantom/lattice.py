"""Smooth random fields on a fixed lattice, so that a seed means the same head at every voxel size.

Everything random about the anatomy is drawn on one lattice of 2 mm that is fixed in the world, and interpolated
linearly onto the grid that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEP = 2.0
LOWER = np.array([-97.0, -119.0, -97.0])  # mm LPS of the first node (x, y, z); no node on the midplane
COUNT = (98, 120, 98)  # nodes along x, y, z


@dataclass(frozen=True)
class Axes:
    """World coordinates (mm LPS) of the voxel centers of an upright grid, one ``float32`` vector per axis."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Array shape, order (k, j, i)."""
        return len(self.z), len(self.y), len(self.x)


def lattice_axes() -> Axes:
    """The axes of the lattice."""
    x, y, z = (np.asarray(low + STEP * np.arange(n), np.float32) for low, n in zip(LOWER, COUNT, strict=True))
    return Axes(x, y, z)


def noise(seed: int, stream: int, wavelength: float, *, width: float = 0.0) -> np.ndarray:
    """Stationary Gaussian noise of unit variance on the lattice, array (k, j, i).

    Args:
        seed: the phantom's seed.
        stream: distinguishes the fields of one phantom.
        wavelength: mm; of the preferred wave if ``width`` is given, else the scale below which nothing varies.
        width: relative width of the pass band around ``1 / wavelength``; 0 for a low-pass field.
    """
    rng = np.random.default_rng([seed, stream])
    shape = (COUNT[2], COUNT[1], COUNT[0])
    fz, fy, fx = _frequencies(shape)
    frequency = np.sqrt(fz**2 + fy**2 + fx**2) * wavelength
    gain = np.exp(-0.5 * ((frequency - 1) / width) ** 2) if width else np.exp(-0.5 * (frequency * 1.5) ** 2)
    gain[0, 0, 0] = 0
    white = rng.standard_normal(shape, dtype=np.float32)
    field = np.fft.irfftn(np.fft.rfftn(white) * gain.astype(np.float32), s=shape, axes=(0, 1, 2))
    return (field / field.std()).astype(np.float32)


def _frequencies(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    fz = np.fft.fftfreq(shape[0], STEP)[:, None, None]
    fy = np.fft.fftfreq(shape[1], STEP)[None, :, None]
    fx = np.fft.rfftfreq(shape[2], STEP)[None, None, :]
    return fz, fy, fx


def onto(axes: Axes, field: np.ndarray) -> np.ndarray:
    """Interpolate a lattice field linearly at the voxel centers of ``axes``; array (k, j, i)."""
    for dimension, (coordinates, low) in enumerate(zip((axes.z, axes.y, axes.x), LOWER[::-1], strict=True)):
        last = field.shape[dimension] - 2
        position = (coordinates.astype(float) - low) / STEP
        index = np.clip(np.floor(position).astype(int), 0, last)
        weight = np.clip(position - index, 0, 1).astype(np.float32)
        weight = weight.reshape([-1 if axis == dimension else 1 for axis in range(3)])
        first = np.take(field, index, axis=dimension)
        field = first + weight * (np.take(field, index + 1, axis=dimension) - first)
    return field
