"""The places of the result's slices, as DICOM states them (LPS mm)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.geometry import direction_matrix

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True)
class SlicePlanes:
    """Geometry of the slices of an image, taken from its grid (never from the headers of its source).

    Attributes:
        positions: Image Position (Patient) of each slice, shape (k, 3).
        orientation: Image Orientation (Patient), six numbers.
        spacing: between rows, between columns.
        step: between slices.
        rows: number of rows (j).
        columns: number of columns (i).
    """

    positions: np.ndarray
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    step: float
    rows: int
    columns: int

    @classmethod
    def of(cls, image: sitk.Image) -> SlicePlanes:
        columns, rows, slices = image.GetSize()
        axes = direction_matrix(image)
        spacing = image.GetSpacing()
        origin = np.array(image.GetOrigin())
        positions = origin + np.arange(slices)[:, None] * spacing[2] * axes[:, 2]
        orientation = tuple(float(v) for v in (*axes[:, 0], *axes[:, 1]))
        return cls(positions, orientation, (spacing[1], spacing[0]), spacing[2], rows, columns)

    @property
    def normal(self) -> np.ndarray:
        """Unit normal, rows x columns."""
        return np.cross(self.orientation[:3], self.orientation[3:])

    def patient_orientation(self) -> list[str]:
        """Patient Orientation (0020,0020): directions of the rows and of the columns in letters (PS3.3 C.7.6.1.1.1)."""
        return [letters(self.orientation[:3]), letters(self.orientation[3:])]


def letters(direction: tuple[float, ...]) -> str:
    """Anatomical letters of a direction, the greatest component first.

    >>> letters((1.0, 0.0, 0.0)), letters((0.0, -0.6, -0.8))
    ('L', 'FA')
    """
    names = ("RL", "AP", "FH")
    order = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join(names[axis][direction[axis] > 0] for axis in order if abs(direction[axis]) > 1e-4)


def decimal(numbers: object) -> list[str]:
    """Decimal strings of at most 16 characters (VR DS), as precise as that allows."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(n) + 0.0) for n in np.atleast_1d(np.asarray(numbers, dtype=float))]
