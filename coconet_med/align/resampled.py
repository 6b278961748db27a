"""The functional volume on the anatomical grid: whole, or some slices at a time where the whole would be large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import field_of_view, match_resolution, sampling_step
from coconet_med.slices import Slicing

#: Larger volumes (voxels) are resampled slice by slice each time they are needed; smaller ones once, and kept.
KEPT_VOXELS = 24_000_000

#: Planes looked at together.
_PLANES = 8


class Resampled:
    """A volume on the grid of another one, ``float32``, trilinear, in its own units.

    In the outermost half voxel the value of the border voxel holds; beyond the field of view stands ``background``.
    Where the grid samples more coarsely than the volume, that is smoothed first
    (:func:`coconet_med.align.grid.match_resolution`).

    Args:
        volume: what is resampled.
        grid: the image that gives the grid.
        transform: takes a point of ``grid`` to its point of ``volume``.
        background: value beyond the field of view of ``volume``.

    Attributes:
        shape: (k, j, i) of the grid.
    """

    def __init__(self, volume: sitk.Image, grid: sitk.Image, transform: sitk.Transform, background: float) -> None:
        self._volume, self._grid, self._transform, self._background = volume, grid, transform, background
        self._smooth = match_resolution(volume, sampling_step(volume, grid, transform))
        self._whole: sitk.Image | None = None
        self._lock = Lock()
        self.shape: tuple[int, int, int] = grid.GetSize()[::-1]

    @classmethod
    def as_it_is(cls, image: sitk.Image) -> Resampled:
        """An image that lies on the grid already."""
        made = cls(image, image, sitk.Transform(3, sitk.sitkIdentity), 0.0)
        made._whole = image
        return made

    @property
    def image(self) -> sitk.Image:
        """The whole volume; made when it is first asked for, and kept."""
        with self._lock:
            if self._whole is None:
                self._whole = self._on(self._grid)
            return self._whole

    @property
    def kept(self) -> bool:
        """Whether the whole volume is there, or small enough to be made at the first need."""
        return self._whole is not None or int(np.prod(self.shape)) <= KEPT_VOXELS

    def stack(self, slicing: Slicing) -> Slices:
        """Its slices, which are made as they are asked for."""
        return Slices(self, slicing)

    def divided_by(self, value: float) -> Resampled:
        """The same with all values divided by one."""
        volume = sitk.Cast(self._volume / value, sitk.sitkFloat32)
        made = Resampled(volume, self._grid, self._transform, self._background / value)
        if self._whole is not None:
            made._whole = sitk.Cast(self._whole / value, sitk.sitkFloat32)
        return made

    def slab(self, axis: int, first: int, count: int) -> np.ndarray:
        """Some planes, (k, j, i), ``count`` along array axis ``axis`` beginning with ``first``."""
        if self.kept:
            return sitk.GetArrayViewFromImage(self.image)[_along(axis, first, count)]
        return sitk.GetArrayFromImage(self._on(_part(self._grid, axis, first, count)))

    def inside(self, axis: int, first: int, count: int) -> np.ndarray:
        """Where the volume has data in such planes, boolean (k, j, i)."""
        part = _part(self._grid, axis, first, count)
        return sitk.GetArrayFromImage(field_of_view(self._volume, part, self._transform)) != 0

    def count_beyond(self, low: float, high: float) -> tuple[int, int]:
        """How many voxels are below and how many above two values."""
        below = above = 0
        for first in range(0, self.shape[0], _PLANES):
            planes = self.slab(0, first, min(_PLANES, self.shape[0] - first))
            below += int(np.count_nonzero(planes < low))
            above += int(np.count_nonzero(planes > high))
        return below, above

    def _on(self, grid: sitk.Image) -> sitk.Image:
        return sitk.Resample(self._smooth, grid, self._transform, sitk.sitkLinear, self._background, sitk.sitkFloat32)


class Slices:
    """A stack of slices (slice, row, column) of a resampled volume, which never is whole unless it is small.

    Attributes:
        shape: of the stack.
    """

    def __init__(self, volume: Resampled, slicing: Slicing) -> None:
        self._volume, self._slicing = volume, slicing
        self._axis, self._reversed = slicing.order[0], 0 in slicing.flips
        self.shape: tuple[int, int, int] = tuple(volume.shape[axis] for axis in slicing.order)  # type: ignore[assignment]

    def __getitem__(self, where: np.ndarray) -> np.ndarray:
        """The slices with these numbers, which rise: (slice, row, column) ``float32``."""
        return self._gathered(where, self._volume.slab)

    def inside(self, where: np.ndarray) -> np.ndarray:
        """Where the volume has data in these slices."""
        return self._gathered(where, self._volume.inside)

    def _gathered(self, where: np.ndarray, planes: Callable[[int, int, int], np.ndarray]) -> np.ndarray:
        parts = []
        for first, count in _runs(where):
            begin = self.shape[0] - first - count if self._reversed else first
            parts.append(self._slicing.stack(planes(self._axis, begin, count)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _runs(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """First number and length of every run of neighbors among rising numbers."""
    for run in np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1):
        yield int(run[0]), len(run)


def _along(axis: int, first: int, count: int) -> tuple[slice, ...]:
    return (*(slice(None) for _ in range(axis)), slice(first, first + count))


def _part(grid: sitk.Image, axis: int, first: int, count: int) -> sitk.Image:
    """The grid of some planes of an image, without its values."""
    size, index = list(grid.GetSize()), [0, 0, 0]
    size[2 - axis], index[2 - axis] = count, first
    part = sitk.Image(size, sitk.sitkUInt8)
    part.SetSpacing(grid.GetSpacing())
    part.SetDirection(grid.GetDirection())
    part.SetOrigin(grid.TransformIndexToPhysicalPoint(index))
    return part
