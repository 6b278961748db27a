"""Where voxels lie in the world: affines, their two conventions, grids, and what is believed of them.

The one home of all this; :mod:`coconet_med.dicom.geometry` adds what DICOM alone needs.  Images inside the package are
LPS (DICOM, ITK), millimeters.  A 4x4 affine here takes voxel indices (i, j, k) to RAS (NIfTI, nibabel), millimeters,
unless its name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from coconet_med.errors import GeometryError

#: Which affine of a NIfTI file is taken where it holds two: the sform (as nibabel does), or the one that is named.
AffineChoice = Literal["auto", "sform", "qform"]

#: From RAS to LPS and back, as factors of x, y, z.
RAS_TO_LPS = np.array((-1.0, -1.0, 1.0))
#: The same of homogeneous points, 4x4; its own inverse.
FLIP = np.diag((*RAS_TO_LPS, 1.0))

#: Largest deviation from a right angle between two axes (as a cosine) that is taken for rounding.
SHEAR_TOLERANCE = 1e-4
#: Largest such deviation that is squared up with a warning, where it moves no voxel by more than half of one.
SQUARED_UP = 5e-3

#: Longest edge of a field of view that is believed, in mm: from a mouse's eye to a tall person and the table.
SHORTEST_EDGE_MM, LONGEST_EDGE_MM = 2.0, 3000.0
#: The farthest from the origin of its world that an image is believed to begin, in mm.
FARTHEST_MM = 1e5
#: The longest edge of a voxel over its shortest, at most; axes in mm and in m make it a thousand times too large.
MOST_ELONGATED = 200.0


@dataclass(frozen=True, eq=False)
class NiftiForms:
    """The two affines of a NIfTI header (NIfTI-1.1, methods 2 and 3), so that a result can carry both.

    Attributes:
        sform: 4x4, RAS mm.
        qform: 4x4, RAS mm, without shear.
        sform_code: 0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI.
        qform_code: likewise.
    """

    sform: np.ndarray
    qform: np.ndarray
    sform_code: int
    qform_code: int

    def fits(self, image: sitk.Image) -> bool:
        """Whether an image lies where one of the two says (to a thousandth of a voxel and of a millimeter)."""
        own = affine_of(image)
        return any(np.allclose(own, form, rtol=1e-3, atol=1e-3) for form in (self.sform, self.qform))


def affine_of(image: sitk.Image) -> np.ndarray:
    """4x4 voxel-to-RAS affine in mm of an image whose geometry is LPS."""
    affine = np.eye(4)
    affine[:3, :3] = direction_matrix(image) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return FLIP @ affine


def direction_matrix(image: sitk.Image) -> np.ndarray:
    """Direction cosines, shape (3, 3): column ``a`` is the LPS unit vector of image axis ``a`` (i, j, k)."""
    return np.array(image.GetDirection()).reshape(3, 3)


def voxel_size(affine: np.ndarray) -> np.ndarray:
    """Lengths of the edges of a voxel along i, j, k, shape (3,), in the unit of the affine."""
    return np.linalg.norm(affine[:3, :3], axis=0)


def shear_of(affine: np.ndarray) -> float:
    """Largest cosine between two axes of an affine (4x4), or of its directions (3x3); 0 at right angles."""
    axes = affine[:3, :3] / voxel_size(affine)
    return float(np.abs(axes.T @ axes - np.eye(3)).max())


def nearest_rotation(directions: np.ndarray) -> np.ndarray:
    """The orthonormal matrix (3x3) nearest to one that nearly is: ITK asks for exact ones."""
    u, _, vt = np.linalg.svd(directions)
    return u @ vt


def same_grid(one: sitk.Image, other: sitk.Image, *, tolerance: float = 1e-4) -> bool:
    """Whether two images have one grid: equal sizes, and origin, spacing (mm) and direction alike to ``tolerance``."""
    return one.GetSize() == other.GetSize() and all(
        np.allclose(getattr(one, get)(), getattr(other, get)(), rtol=0, atol=tolerance)
        for get in ("GetOrigin", "GetSpacing", "GetDirection")
    )


def set_geometry(image: sitk.Image, spacing: ArrayLike, origin: ArrayLike, direction: ArrayLike) -> None:
    """Give an image its grid: spacing along i, j, k (mm), origin (LPS mm), direction cosines (3x3 or row-major)."""
    image.SetSpacing(np.ravel(spacing).astype(float).tolist())
    image.SetOrigin(np.ravel(origin).astype(float).tolist())
    image.SetDirection(np.ravel(direction).astype(float).tolist())


def matrix_of(transform: sitk.Transform) -> np.ndarray:
    """4x4 matrix of a linear transform of points, in the world of the transform (LPS mm)."""
    zero = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(axis)) - zero for axis in np.eye(3).tolist()]
    return np.vstack([np.column_stack([*columns, zero]), [0.0, 0.0, 0.0, 1.0]])


def linear(matrix: np.ndarray) -> sitk.AffineTransform:
    """The SimpleITK transform of a 4x4 matrix (LPS mm)."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    return transform


def in_other_world(motion: np.ndarray) -> np.ndarray:
    """A 4x4 transform of RAS points for LPS points, or the reverse."""
    return FLIP @ motion @ FLIP


def split_affine(affine: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spacing (3,), origin (3,) in LPS mm and unit vectors of the axes (3x3, columns, LPS), as the affine has them.

    Args:
        affine: 4x4, voxel to RAS, mm; not singular.
    """
    lps, spacing = FLIP @ affine, voxel_size(affine)
    return spacing, lps[:3, 3], lps[:3, :3] / spacing


def geometry_from_affine(
    affine: np.ndarray, name: str, *, advice: str = "resample it on a rectangular grid first"
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Spacing (mm), origin (mm) and direction (row-major 3x3) in LPS of a 4x4 voxel-to-RAS affine in mm.

    Args:
        affine: voxel to RAS.
        name: what to call the image in messages.
        advice: what to do about a sheared affine.

    Raises:
        GeometryError: entries not finite, columns of no length or in one plane, or axes not at right angles.
    """
    if why := unusable(affine):
        raise GeometryError(f"{name}: the affine {why}; repair its header")
    spacing, origin, direction = split_affine(affine)
    shear = shear_of(direction)
    if shear > SHEAR_TOLERANCE:
        angle = np.degrees(np.arcsin(min(shear, 1.0)))
        msg = f"{name}: the affine is sheared by {angle:.2g} degrees; {advice}"
        raise GeometryError(msg)
    return tuple(spacing.tolist()), tuple(origin.tolist()), tuple(nearest_rotation(direction).ravel().tolist())


def unusable(affine: np.ndarray) -> str:
    """Why an affine places nothing (it is singular or not finite), or ``""``."""
    if not np.isfinite(affine).all():
        return "holds values that are no finite numbers (NaN, infinity)"
    spacing = voxel_size(affine)
    if (spacing <= 0).any():
        return f"is singular (voxel size {_numbers(spacing)} mm)"
    if abs(np.linalg.det(affine[:3, :3] / spacing)) < 1e-3:
        return "is singular (two axes point the same way)"
    return ""


def squared_up(affine: np.ndarray, size: Sequence[int], name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The nearest affine with axes at right angles, where the one given misses them by little, and what to say.

    Programs that resample, average or round affines leave axes some hundredths of a degree off.  ITK 5.2 and 5.3 refuse
    such files, FSL and nibabel read them.  The center of the field of view stays where it is.

    Args:
        affine: voxel to RAS, mm.
        size: voxels along i, j, k.
        name: what to call the image in messages.

    Returns:
        The affine as it came, where it is rectangular but for rounding, or so far from it that it is for
        :func:`geometry_from_affine` to refuse.
    """
    if unusable(affine):
        return affine, ()
    spacing, shear = voxel_size(affine), shear_of(affine)
    if not SHEAR_TOLERANCE < shear <= SQUARED_UP:
        return affine, ()
    square = affine.copy()
    square[:3, :3] = nearest_rotation(affine[:3, :3] / spacing) * spacing
    middle = (np.array(size) - 1) / 2
    square[:3, 3] += (affine[:3, :3] - square[:3, :3]) @ middle
    moved = corner_distance(affine, square, size)
    if moved > spacing.min() / 2:
        return affine, ()
    angle = np.degrees(np.arcsin(shear))
    said = f"{name}: the axes of its affine are {angle:.2g} degrees off right angles and were squared up, which moves "
    return square, (f"{said}no voxel by more than {moved:.2g} mm",)


def put_at(
    images: Sequence[sitk.Image | None], affine: np.ndarray, name: str, *, units: str | None, advice: str | None = None
) -> tuple[str, ...]:
    """Give images of one size their place in the world; returns what is to be said of it.

    Args:
        images: 3-D; ``None`` is passed over.
        affine: voxel to RAS, mm.
        name: what to call them in messages.
        units: where the unit of length comes from, for the message about an impossible size; ``None`` where any size
            will do (pictures).
        advice: what to do about a sheared affine, where there is something better than resampling.

    Raises:
        GeometryError: the affine is singular or sheared, the size is not that of a body, or the place is far away.
    """
    given = {"advice": advice} if advice else {}
    size = next((image.GetSize() for image in images if image is not None), (1, 1, 1))
    affine, said = squared_up(affine, size, Path(name).name)
    spacing, origin, direction = geometry_from_affine(affine, name, **given)
    for image in images:
        if image is not None:
            if units is not None:
                check_extent(image.GetSize(), spacing, name, units=units)
                _check_distance(origin, name)
            set_geometry(image, spacing, origin, direction)
    return said


def _check_distance(origin: Sequence[float], name: str) -> None:
    """Refuse a place that no scanner gives: there the floats of a NIfTI header no longer hold fractions of a voxel."""
    if max(map(abs, origin)) > FARTHEST_MM:
        msg = f"{name}: its first voxel would lie at {_numbers(origin)} mm, more than {FARTHEST_MM / 1000:g} m away; "
        raise GeometryError(msg + "correct the place in its header, or export it again")


def check_extent(size: Sequence[int], spacing: Sequence[float], name: str, *, units: str) -> None:
    """Refuse a field of view that no body has: its unit of length is wrong.

    Args:
        size: voxels along i, j, k.
        spacing: mm.
        name: what to call the image in messages.
        units: where the unit of length comes from, such as ``"its xyzt_units say micron"``.

    Raises:
        GeometryError: the longest edge is under 2 mm or over 3 m, or voxels are hundreds of times as long as they are
            wide, as where axes have two units of length.
    """
    extent = np.array(size, float) * spacing
    edge = np.array([length for length, count in zip(spacing, size, strict=True) if count > 1])
    if edge.size and edge.max() > MOST_ELONGATED * edge.min():
        shown = " x ".join(f"{length:.3g}" for length in spacing)
        msg = f"{name}: its voxels would be {shown} mm large, and no scanner makes such: {units}; correct the unit or "
        raise GeometryError(msg + "the voxel size in its header")
    if SHORTEST_EDGE_MM <= extent.max() <= LONGEST_EDGE_MM:
        return
    edges = " x ".join(f"{edge:.3g}" for edge in extent)
    msg = f"{name}: would be {edges} mm large, and no body is: {units}; correct the unit or the voxel size in its "
    msg += f"header ({SHORTEST_EDGE_MM:g} to {LONGEST_EDGE_MM:g} mm are read)"
    raise GeometryError(msg)


def corner_distance(first: np.ndarray, second: np.ndarray, size: Sequence[int]) -> float:
    """How far apart, in mm, two affines put the corner voxels of one grid, at most.

    Example:
        >>> moved = np.eye(4)
        >>> moved[1, 3] = 25
        >>> corner_distance(np.eye(4), moved, (64, 64, 32))
        25.0
    """
    corners = np.array([(*corner, 1.0) for corner in product(*((0, n - 1) for n in size))])
    return float(np.linalg.norm((corners @ (first - second).T)[:, :3], axis=1).max())


def mirrored(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two affines have opposite handedness: what is left in one is right in the other."""
    return bool(np.linalg.det(first[:3, :3]) * np.linalg.det(second[:3, :3]) < 0)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
