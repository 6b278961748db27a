"""Grids in the world: checks, the field of view, and resampling through the affines (never by index).

Everything here works in LPS millimeters.  A voxel is a box around its center, so the field of view of an image reaches
half a voxel beyond its outermost centers; a volume of one slice covers a slab as thick as its spacing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError
from coconet_med.geometry import direction_matrix, shear_of

#: Largest entry of |D^T D - I| that still counts as rounding of the direction cosines in a file.
DIRECTION_TOLERANCE = 5e-3

#: Ratio of a Gaussian's full width at half maximum to its standard deviation.
FWHM_TO_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))

#: Planes that :func:`coarsen` handles at a time: temporary arrays stay small however large the volume is.
_PLANES = 16


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
    if shear_of(direction) > DIRECTION_TOLERANCE:
        raise GeometryError(
            f"{name}: the affine is sheared (its axes are not at right angles), as in a tilted gantry; "
            "resample the image to a rectangular grid first."
        )


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


def coarsen(
    image: sitk.Image, spacing_mm: float, *, limits: tuple[float, float] | None = None, most_voxels: int = 3_000_000
) -> sitk.Image:
    """``image`` over the same field of view with voxels of at least ``spacing_mm``, anti-aliased.

    Axes that are already as coarse stay as they are.  ``spacing_mm`` grows until at most ``most_voxels`` remain.

    The same as :func:`resample` on the coarser grid up to rounding, at a tenth of its cost: both grids have the same
    axes, so smoothing and interpolation together are one short sum along each axis, and only where a coarse voxel lies.

    Args:
        image: scalar 3-D image.
        spacing_mm: the voxel size wanted.
        limits: values below the first become it (NaN as well), values above the second become that.
        most_voxels: of the result.

    Returns:
        ``image`` itself where nothing is to be done, else a new ``float32`` image.
    """
    extent, spacing = extent_mm(image), np.array(image.GetSpacing())
    target = max(spacing_mm, float(np.prod(extent) / most_voxels) ** (1 / 3))
    size = np.where(spacing < 0.99 * target, np.maximum(np.round(extent / target), 1), image.GetSize()).astype(int)
    if limits is None and tuple(size) == image.GetSize():
        return image
    values = sitk.GetArrayViewFromImage(image)
    of_i, of_j, of_k = (_coarsening(*axis) for axis in zip(image.GetSize(), size, spacing, strict=True))
    planes = np.empty((len(values), size[1], size[0]), np.float32)
    for start in range(0, len(values), _PLANES):
        some = values[start : start + _PLANES]
        if limits is not None:
            some = np.fmin(np.fmax(some, np.float32(limits[0])), np.float32(limits[1]))
        planes[start : start + _PLANES] = _sums(_sums(some, of_j, 1), of_i, 2)
    coarse = sitk.GetImageFromArray(_sums(planes, of_k, 0))
    coarse.SetSpacing((extent / size).tolist())
    coarse.SetDirection(image.GetDirection())
    first = (np.array(image.GetSize()) / size - 1) / 2
    coarse.SetOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    return coarse


def _sums(values: np.ndarray, weights: np.ndarray | None, axis: int) -> np.ndarray:
    """Weighted sums along an axis, one for each row of ``weights`` (few of which are not 0); ``None`` leaves it alone.

    No matrix product: its threads wait for each other where the network keeps the cores busy.
    """
    if weights is None:
        return values
    shape = list(values.shape)
    shape[axis] = len(weights)
    out = np.empty(shape, np.float32)
    source, target = np.moveaxis(values, axis, -1), np.moveaxis(out, axis, -1)
    for number, row in enumerate(weights):
        used = np.flatnonzero(row)
        part = slice(used[0], used[-1] + 1)
        np.einsum("...w,w->...", source[..., part], row[part], out=target[..., number], casting="same_kind")
    return out


def _coarsening(count: int, fewer: int, spacing: float) -> np.ndarray | None:
    """What :func:`resample` does along one axis when ``count`` voxels become ``fewer``: weights, (fewer, count).

    Found by doing it to every unit vector.  ``None`` where it does nothing.
    """
    if fewer == count:
        return None
    units = sitk.GetImageFromArray(np.eye(count, dtype=np.float32)[None])
    units.SetSpacing((float(spacing), 1.0, 1.0))
    grid = sitk.Image((int(fewer), count, 1), sitk.sitkUInt8)
    grid.SetSpacing((spacing * count / fewer, 1.0, 1.0))
    grid.SetOrigin((spacing * (count / fewer - 1) / 2, 0.0, 0.0))
    return sitk.GetArrayFromImage(resample(units, grid, sitk.Transform(3, sitk.sitkIdentity)))[0].T


def _numbers(values: Iterable[float]) -> str:
    return " x ".join(f"{value:g}" for value in values)
