"""Slices of a volume in display orientation, and back: exact permutations and flips, no interpolation.

The network sees slices as a reader does: rows run from anterior to posterior (axial) or from superior to inferior
(coronal, sagittal), columns from the patient's right to left (axial, coronal) or from anterior to posterior (sagittal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.geometry import direction_matrix

if TYPE_CHECKING:
    import SimpleITK as sitk

    from coconet_med.source import Source

Plane = Literal["axial", "coronal", "sagittal"]

#: For each plane the LPS axis of slices, rows and columns, and the sign in which rows and columns run along it.
_DISPLAY: dict[str, tuple[tuple[int, int], ...]] = {
    "axial": ((2, 1), (1, 1), (0, 1)),
    "coronal": ((1, 1), (2, -1), (0, 1)),
    "sagittal": ((0, 1), (2, -1), (1, 1)),
}

#: Voxels at least this much longer along one axis than along both others tell which axis was acquired slice by slice.
ANISOTROPY = 1.2


@dataclass(frozen=True)
class Slicing:
    """How a (k, j, i) array becomes a stack of slices (slice, row, column).

    Attributes:
        plane: name of the plane that the slices lie in (the nearest one for oblique volumes).
        order: array axes in the order slice, row, column.
        flips: which axes of the reordered stack are reversed.
    """

    plane: Plane
    order: tuple[int, int, int]
    flips: tuple[int, ...]

    def stack(self, array: np.ndarray) -> np.ndarray:
        """(k, j, i, ...) -> (slice, row, column, ...), a view."""
        rest = tuple(range(3, array.ndim))
        return np.flip(array.transpose(*self.order, *rest), self.flips)

    def unstack(self, stack: np.ndarray) -> np.ndarray:
        """(slice, row, column, ...) -> (k, j, i, ...), a view: the exact inverse of :meth:`stack`."""
        rest = tuple(range(3, stack.ndim))
        inverse = tuple(int(a) for a in np.argsort(self.order))
        return np.flip(stack, self.flips).transpose(*inverse, *rest)

    def spacing(self, image: sitk.Image) -> tuple[float, float, float]:
        """Distance in mm between slices, rows and columns of the stack of ``image``."""
        kji = image.GetSpacing()[::-1]
        return tuple(kji[a] for a in self.order)


def slicing_of(
    image: sitk.Image, *, plane: str = "auto", slice_axis: int | None = None, planar: bool = False
) -> Slicing:
    """How to slice a 3-D image.

    Args:
        image: its direction and spacing decide.
        plane: ``"axial"``, ``"coronal"``, ``"sagittal"``, or ``"auto"``: the plane in which the slices were acquired
            where that is known (``slice_axis``, a single slice, or clearly longer voxels along one axis), else axial.
        slice_axis: image axis (0 = i, 1 = j, 2 = k) along which slices were acquired, if known.
        planar: a picture: rows and columns stay as they are.

    Raises:
        OptionError: ``plane`` is none of these names.
    """
    if plane not in ("auto", *get_args(Plane)):
        msg = f"plane {plane!r}: choose auto, axial, coronal or sagittal"
        raise OptionError(msg)
    if planar:
        return Slicing("axial", (0, 1, 2), ())
    world, sign = _nearest_axes(direction_matrix(image))
    if plane == "auto":
        axis = _acquired_axis(image, slice_axis)
        plane = "axial" if axis is None else ("sagittal", "coronal", "axial")[world[axis]]
    order, flips = [], []
    for position, (lps, wanted) in enumerate(_DISPLAY[plane]):
        axis = world.index(lps)
        order.append(2 - axis)
        if sign[axis] != wanted:
            flips.append(position)
    return Slicing(plane, tuple(order), tuple(flips))  # type: ignore[arg-type]


def slicing_of_source(source: Source, plane: str = "auto") -> Slicing:
    """How to slice an image as it was read, see :func:`slicing_of`."""
    return slicing_of(source.image, plane=plane, slice_axis=source.slice_axis, planar=source.planar)


def _acquired_axis(image: sitk.Image, stated: int | None) -> int | None:
    size, spacing = image.GetSize(), image.GetSpacing()
    if size.count(1) == 1:
        return size.index(1)
    if stated is not None:
        return stated
    longest = int(np.argmax(spacing))
    others = [s for axis, s in enumerate(spacing) if axis != longest]
    return longest if spacing[longest] > ANISOTROPY * max(others) else None


def _nearest_axes(direction: np.ndarray) -> tuple[list[int], list[int]]:
    """For each image axis the LPS axis that it runs along most nearly, and in which sense; each is taken once."""
    strength = np.abs(direction)
    world, sign = [0, 0, 0], [1, 1, 1]
    for _ in range(3):
        lps, axis = np.unravel_index(int(np.argmax(strength)), (3, 3))
        world[axis], sign[axis] = int(lps), 1 if direction[lps, axis] > 0 else -1
        strength[lps, :] = strength[:, axis] = -1
    return world, sign
