"""SUVpeak: the highest mean of a sphere of 1 ml."""

from __future__ import annotations

import numpy as np

#: Radius of a sphere of 1 ml, mm.
RADIUS_MM = 10 * (3 / (4 * np.pi)) ** (1 / 3)
#: A mean of fewer voxels than a voxel and its six neighbors is hardly another figure than the maximum.
FEWEST = 7


def coarse(spacing: tuple[float, float, float]) -> str:
    """A warning of voxels of which too few lie in the sphere, or ``""``.

    Args:
        spacing: of i, j, k in mm.
    """
    steps = [np.arange(-(RADIUS_MM // step), RADIUS_MM // step + 1) * step for step in spacing]
    squares = sum(axis**2 for axis in np.meshgrid(*steps))
    if (inside := int(np.count_nonzero(squares <= RADIUS_MM**2))) >= FEWEST:
        return ""
    size = " x ".join(f"{step:.3g}" for step in spacing)
    return (
        f"SUVpeak: of the segmentation's voxels of {size} mm {inside} lie{'s' if inside == 1 else ''} in the sphere of "
        "1 ml, so that the peak is hardly another figure than the maximum; give labels of smaller voxels"
    )


def sphere_means(values: np.ndarray, spacing: tuple[float, float, float], *, valid: np.ndarray) -> np.ndarray:
    """For each voxel the mean over the voxels whose centers lie within 6.2 mm of its own.

    IBSI reference manual, intensity peak (0F91 is its highest value over a region): the sphere may reach beyond the
    region.  Beyond the image, and where ``valid`` is false, there is nothing to average.

    Args:
        values: (k, j, i).
        spacing: of i, j, k in mm.
        valid: bool (k, j, i).
    """
    reach = [int(RADIUS_MM / step + 1e-9) for step in spacing]  # i, j, k
    weight = valid.astype(np.float64)
    total, count = (_summed(part, spacing, reach) for part in (np.where(valid, values, 0.0), weight))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0.5, total / count, np.nan)


def _summed(values: np.ndarray, spacing: tuple[float, float, float], reach: list[int]) -> np.ndarray:
    """Sums over the sphere, row by row: each row of it is a difference of two running sums."""
    nk, nj, ni = values.shape
    padded = np.pad(np.asarray(values, np.float64), [(reach[2],) * 2, (reach[1],) * 2, (reach[0] + 1, reach[0])])
    running = padded.cumsum(axis=2)
    out = np.zeros(values.shape)
    for dk in range(-reach[2], reach[2] + 1):
        for dj in range(-reach[1], reach[1] + 1):
            left = RADIUS_MM**2 - (dk * spacing[2]) ** 2 - (dj * spacing[1]) ** 2
            if left < 0:
                continue
            half = int(np.sqrt(left) / spacing[0] + 1e-9)
            rows = running[reach[2] + dk : reach[2] + dk + nk, reach[1] + dj : reach[1] + dj + nj]
            start = reach[0] + 1
            out += rows[..., start + half : start + half + ni] - rows[..., start - half - 1 : start - half - 1 + ni]
    return out
