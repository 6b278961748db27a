"""The grid that neuronavigation wants: straight axial slices of one series, square pixels, even steps."""

from __future__ import annotations

import math

import numpy as np
import SimpleITK as sitk

from coconet_med.geometry import direction_matrix

#: Slices are no thicker than this where the image is resampled anyway, and pictures no larger.
THICKEST_MM, MOST_PIXELS = 1.0, 512
#: Directions and spacings that differ by less are straight and square.
STRAIGHT, SQUARE_MM = 1e-3, 1e-3


def for_navigation(image: sitk.Image) -> sitk.Image:
    """A scalar image on straight axial slices with square pixels, from inferior to superior, in the same world.

    Rows run to the patient's left, columns to the back.  An image that is so already is returned as it is; another one
    is interpolated linearly, pixels as small as its smallest voxel edge (or so that a picture has at most 512), and is
    0 beyond its field of view.

    Args:
        image: ``float32`` volume.
    """
    straight = np.allclose(direction_matrix(image), np.eye(3), atol=STRAIGHT)
    spacing = image.GetSpacing()
    if straight and abs(spacing[0] - spacing[1]) < SQUARE_MM:
        return image
    corners = np.array(
        [
            image.TransformContinuousIndexToPhysicalPoint(
                [float(c * (n - 1)) for c, n in zip(corner, image.GetSize(), strict=True)]
            )
            for corner in np.ndindex(2, 2, 2)
        ]
    )
    low, extent = corners.min(axis=0), np.ptp(corners, axis=0)
    pixel = max(min(spacing), float(max(extent[:2])) / (MOST_PIXELS - 1))
    step = max(pixel, min(THICKEST_MM, max(spacing)))
    steps = (pixel, pixel, step)
    grid = sitk.Image(
        [math.ceil(e / s - 1e-6) + 1 for e, s in zip(extent.tolist(), steps, strict=True)], image.GetPixelID()
    )
    grid.SetSpacing(steps)
    grid.SetOrigin(low.tolist())
    return sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, 0.0)
