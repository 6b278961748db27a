"""Grids in the world: checks, the field of view, and resampling through the affines (never by index).

Everything here works in LPS millimeters.  A voxel is a box around its center, so the field of view of an image reaches
half a voxel beyond its outermost centers; a volume of one slice covers a slab as thick as its spacing.
"""

from __future__ import annotations

import math

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError

#: Largest entry of |D^T D - I| that still counts as rounding of the direction cosines in a file.
DIRECTION_TOLERANCE = 5e-3

#: Ratio of a Gaussian's full width at half maximum to its standard deviation.
FWHM_TO_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


def check_grid(image: sitk.Image, name: str) -> None:
    """Refuse an image whose voxels have no proper place in the world.

    Raises:
        GeometryError: the image is not 3-D and scalar, is empty, or has a spacing, origin or direction that is not
            finite, is singular, or is sheared (columns of the direction matrix that are not orthonormal).
    """
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise GeometryError(
            f"{name}: a scalar 3-D image is needed, this one has {image.GetDimension()} dimensions and "
            f"{image.GetNumberOfComponentsPerPixel()} values per voxel; extract one volume first."
        )
    if min(image.GetSize()) < 1:
        raise GeometryError(f"{name}: the image is empty (size {_numbers(image.GetSize())}); export it again.")
    spacing = np.array(image.GetSpacing())
    if not np.all(np.isfinite(spacing)) or np.any(spacing <= 0):
        raise GeometryError(f"{name}: the voxel size {_numbers(spacing)} mm is not usable; correct the header.")
    if not np.all(np.isfinite(image.GetOrigin())):
        raise GeometryError(f"{name}: the origin is not a finite place; correct the header.")
    direction = direction_matrix(image)
    if not np.all(np.isfinite(direction)) or abs(np.linalg.det(direction)) < 1e-6:
        raise GeometryError(f"{name}: the affine is singular (its axes do not span space); correct the header.")
    if np.abs(direction.T @ direction - np.eye(3)).max() > DIRECTION_TOLERANCE:
        raise GeometryError(
            f"{name}: the affine is sheared (its axes are not at right angles), as in a tilted gantry; "
            "resample the image to a rectangular grid first."
        )


def direction_matrix(image: sitk.Image) -> np.ndarray:
    """Direction cosines, shape (3, 3): column ``a`` is the LPS unit vector of image axis ``a`` (i, j, k)."""
    return np.array(image.GetDirection()).reshape(3, 3)


def extent_mm(image: sitk.Image) -> np.ndarray:
    """Edge lengths of the field of view in mm along the image axes i, j, k, outermost half voxels included."""
    return np.array(image.GetSize()) * np.array(image.GetSpacing())


def field_center(image: sitk.Image) -> np.ndarray:
    """World point (LPS, mm) in the middle of the field of view."""
    middle = [(size - 1) / 2 for size in image.GetSize()]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(middle))


def field_of_view(image: sitk.Image, reference: sitk.Image, transform: sitk.Transform) -> sitk.Image:
    """Where ``image`` has data, as a ``uint8`` mask (0 or 1) on the grid of ``reference``.

    ``transform`` takes a point of ``reference`` to its point of ``image``.  The half voxel beyond the outermost centers
    belongs to the field of view.
    """
    ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    return sitk.Resample(ones, reference, transform, sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)


def resample(
    image: sitk.Image, reference: sitk.Image, transform: sitk.Transform, *, background: float = 0.0
) -> sitk.Image:
    """``image`` on the grid of ``reference``, ``float32``, trilinear, in the units of ``image``.

    ``transform`` takes a point of ``reference`` to its point of ``image``.  In the outermost half voxel the value of
    the border voxel holds (no extrapolation); beyond the field of view stands ``background``.  Where the reference
    samples more coarsely than ``image``, the image is smoothed first (:func:`match_resolution`), so that a coarse voxel
    shows what its volume holds and not one fine voxel in it.
    """
    smooth = match_resolution(image, sampling_step(image, reference, transform))
    return sitk.Resample(smooth, reference, transform, sitk.sitkLinear, background, sitk.sitkFloat32)


def sampling_step(image: sitk.Image, reference: sitk.Image, transform: sitk.Transform) -> np.ndarray:
    """How far apart, in mm, ``reference`` samples ``image`` along the axes i, j, k of ``image``.

    The spacings of the reference are the half axes of an ellipsoid; the step along an image axis is that ellipsoid's
    half width there.  An isotropic grid thus has the same step in every direction, however it is turned.
    """
    origin = (0.0, 0.0, 0.0)
    turn = np.stack([transform.TransformVector(axis, origin) for axis in np.eye(3).tolist()], axis=1)
    axes = direction_matrix(image).T @ turn @ direction_matrix(reference) * np.array(reference.GetSpacing())
    return np.sqrt((axes**2).sum(axis=1))


def match_resolution(image: sitk.Image, step: np.ndarray) -> sitk.Image:
    """Smooth the axes of ``image`` that will be sampled more coarsely than they are stored.

    Args:
        image: scalar image.
        step: sampling distance in mm along the axes i, j, k of ``image``.

    Returns:
        ``image`` itself where nothing is coarser; else a smoothed copy.  The Gaussian takes a point spread as wide as
        the voxel to one as wide as the step: ``sigma^2 = (step^2 - spacing^2) / (8 ln 2)`` (Cardoso et al., Scale
        factor point spread function matching, MICCAI 2015, equation 2).  It keeps the mean, not the peak.
    """
    spacing = np.array(image.GetSpacing())
    variance = np.where(step > 1.01 * spacing, np.maximum(step**2 - spacing**2, 0.0), 0.0) / FWHM_TO_SIGMA**2
    variance[np.array(image.GetSize()) == 1] = 0.0
    if not variance.any():
        return image
    width = int(np.ceil(8 * np.sqrt(variance / spacing**2).max())) + 3
    return sitk.DiscreteGaussian(image, variance.tolist(), width, 0.001, True)


def coarsen(image: sitk.Image, spacing_mm: float, *, most_voxels: int = 3_000_000) -> sitk.Image:
    """``image`` over the same field of view with voxels of at least ``spacing_mm``, anti-aliased.

    Axes that are already as coarse stay as they are.  ``spacing_mm`` grows until at most ``most_voxels`` remain.
    """
    extent, spacing = extent_mm(image), np.array(image.GetSpacing())
    target = max(spacing_mm, float(np.prod(extent) / most_voxels) ** (1 / 3))
    size = np.where(spacing < 0.99 * target, np.maximum(np.round(extent / target), 1), image.GetSize()).astype(int)
    if tuple(size) == image.GetSize():
        return image
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing((extent / size).tolist())
    grid.SetDirection(image.GetDirection())
    first = (np.array(image.GetSize()) / size - 1) / 2
    grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    return resample(image, grid, sitk.Transform(3, sitk.sitkIdentity))


def _numbers(values: object) -> str:
    return " x ".join(f"{value:g}" for value in values)
