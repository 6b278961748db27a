"""A head by formula on grids of any place, step and direction: T1, and what a marker in it shows."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.source import Source

CENTER = np.array([5.0, -20.0, 30.0])


def grid(size, spacing, direction=None, center=CENTER) -> sitk.Image:
    """An empty image whose field of view has its middle at ``center`` (LPS, mm)."""
    image = sitk.Image(size, sitk.sitkFloat32)
    direction = np.eye(3) if direction is None else np.asarray(direction, float)
    image.SetSpacing([float(s) for s in spacing])
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((np.array(center) - direction @ ((np.array(size) - 1) / 2 * np.array(spacing))).tolist())
    return image


def world_points(image: sitk.Image) -> np.ndarray:
    """Coordinates (LPS, mm) of all voxels, shape (k, j, i, 3): origin + direction @ (index * spacing), by hand."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in image.GetSize()), indexing="ij"), axis=-1).transpose(
        2, 1, 0, 3
    )
    matrix = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return index @ matrix.T + np.array(image.GetOrigin())


def painted(image: sitk.Image, values: np.ndarray) -> sitk.Image:
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result


def head(points: np.ndarray, *, metabolic: bool) -> np.ndarray:
    """A lopsided head about CENTER: scalp, brain, ventricles, a lesion; T1-like or FDG-like values."""
    x, y, z = np.moveaxis(points - CENTER, -1, 0)
    scalp = (x / 72) ** 2 + (y / 90) ** 2 + (z / 80) ** 2 < 1
    brain = (x / 62) ** 2 + (y / 80) ** 2 + (z / 68) ** 2 < 1
    cortex = brain & ((x / 52) ** 2 + (y / 70) ** 2 + (z / 58) ** 2 + 0.15 * np.sin(y / 9) * np.cos(x / 8 + z / 11) > 1)
    fluid = ((np.abs(x) - 9) / 6) ** 2 + ((y - 5) / 24) ** 2 + ((z - 6) / 10) ** 2 < 1
    lesion = ((x - 25) / 9) ** 2 + ((y + 30) / 9) ** 2 + ((z - 20) / 9) ** 2 < 1
    nose = (x / 10) ** 2 + ((y + 92) / 14) ** 2 + ((z + 20) / 16) ** 2 < 1
    levels = (0.3, 1.0, 4.0, 0.4, 6.0, 0.3) if metabolic else (60.0, 140.0, 100.0, 30.0, 80.0, 60.0)
    values = np.zeros(points.shape[:-1])
    for place, level in zip((scalp, brain, cortex, fluid, lesion, nose), levels, strict=True):
        values[place] = level
    return values


def t1(size=(80, 98, 86), spacing=(2.0, 2.0, 2.0), direction=None) -> sitk.Image:
    image = grid(size, spacing, direction)
    return sitk.DiscreteGaussian(painted(image, head(world_points(image), metabolic=False)), 2.0)


def sources(anatomy: sitk.Image, function: sitk.Image, frames=(None, None), **details) -> tuple[Source, Source]:
    return (
        Source(anatomy, "t1.nii", frame_of_reference=frames[0], **details),
        Source(function, "pet.nii", frame_of_reference=frames[1], **details),
    )
