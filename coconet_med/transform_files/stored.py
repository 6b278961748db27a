"""A transform as its file states it, in both directions, and which of two images each of its sides belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coconet_med.errors import GeometryError
from coconet_med.geometry import affine_of, voxel_size
from coconet_med.source import Source

#: How far the middle of a grid in a file may lie from that of an image, in mm, and its edges differ, as a share.
SAME_CENTER_MM, SAME_EXTENT = 1.0, 0.01
#: Scales within this of 1 are rounding: the transform is rigid.
RIGID_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class StoredTransform:
    """A linear transform between the two images.

    Attributes:
        matrix: 4 x 4, takes an anatomical point to its functional point as the file states its direction; LPS, mm.
        reverse: likewise, if the file was made for the other direction.
        name: the file.
        kind: format, for messages.
        stated: how the direction is known, in words.
        otherwise: what the same numbers would mean if they were of another kind, likewise from an anatomical point to
            its functional point, with that kind in words.
    """

    matrix: np.ndarray
    reverse: np.ndarray
    name: str
    kind: str
    stated: str
    otherwise: tuple[tuple[str, np.ndarray], ...] = ()

    def __post_init__(self) -> None:
        for matrix in (self.matrix, self.reverse):
            inverse(matrix, self.name)
        if np.linalg.det(self.matrix[:3, :3]) < 0:
            msg = (
                f"{self.name}: mirrors the image (its determinant is negative), which no body does; check which images"
            )
            raise GeometryError(f"{msg} and which program made it")

    @property
    def scales(self) -> np.ndarray:
        """Lengths along the principal axes after the transform, as a share of those before."""
        return np.linalg.svd(self.matrix[:3, :3], compute_uv=False)

    @property
    def rigid(self) -> bool:
        return is_rigid(self.matrix)

    def inverted(self) -> StoredTransform:
        """The same file read for the other direction."""
        stated = f"the other way round than {self.stated}, as asked for"
        return StoredTransform(self.reverse, self.matrix, self.name, self.kind, stated, self.otherwise)


def inverse(matrix: np.ndarray, name: str) -> np.ndarray:
    """The inverse of a 4 x 4 matrix.

    Raises:
        GeometryError: it has none.
    """
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
        raise GeometryError(f"{name}: its matrix is singular or not finite; export the transform again")
    return np.linalg.inv(matrix)


def is_rigid(matrix: np.ndarray) -> bool:
    """Whether a 4 x 4 matrix keeps all lengths, up to rounding."""
    return bool(np.abs(np.linalg.svd(matrix[:3, :3], compute_uv=False) - 1).max() <= RIGID_TOLERANCE)


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid that a transform file names: voxels along i, j, k, and their affine to RAS in mm (4 x 4)."""

    size: tuple[int, ...]
    affine: np.ndarray

    def is_that_of(self, source: Source) -> bool:
        """Whether it covers the same place, in whatever order of its axes."""
        image = source.image
        own, other = Grid(image.GetSize(), affine_of(image)), self
        apart = np.linalg.norm(own.center - other.center)
        edges = np.abs(own.edges / other.edges - 1).max()
        return bool(apart <= SAME_CENTER_MM and edges <= SAME_EXTENT)

    @property
    def center(self) -> np.ndarray:
        """Its middle, RAS mm."""
        return (self.affine @ [*((np.array(self.size) - 1) / 2), 1.0])[:3]

    @property
    def edges(self) -> np.ndarray:
        """Lengths of its edges in mm, shortest first."""
        return np.sort(voxel_size(self.affine) * self.size)


def starts_at_function(start: Grid, end: Grid, anatomy: Source, function: Source) -> bool | None:
    """Whether a transform from ``start`` to ``end`` begins at the functional image; ``None`` where no grid tells."""
    begins = (
        start.is_that_of(function) or end.is_that_of(anatomy),
        start.is_that_of(anatomy) or end.is_that_of(function),
    )
    return None if begins[0] == begins[1] else begins[0]
