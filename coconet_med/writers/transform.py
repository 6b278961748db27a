"""The transform of a result as an ITK text file, which SimpleITK, ANTs and 3D Slicer read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.errors import OptionError

if TYPE_CHECKING:
    from coconet_med.result import FusionResult


def check_movable(result: FusionResult) -> None:
    """Refuse the transform of pictures, which have no place in the world.

    Raises:
        OptionError: the result is 2-D.
    """
    if result.color.GetDimension() == 2:
        raise OptionError("--save-transform: is for volumes; pictures are matched pixel by pixel, so leave it out")


def transform_writer(result: FusionResult) -> Callable[[Path], Any]:
    """What writes the transform to a given path: from a point of the anatomy to that of the function (LPS, mm).

    It is the sense of :func:`SimpleITK.Resample`, and that of 3D Slicer: loaded there and set on the functional volume,
    it moves that onto the anatomy.  ``MatrixOffsetTransformBase`` parameters: the matrix by rows, then the shift.
    """
    matrix = result.alignment.matrix
    numbers = [*matrix[:3, :3].ravel(), *matrix[:3, 3]]
    lines = (
        "#Insight Transform File V1.0",
        "#Transform 0",
        "Transform: AffineTransform_double_3_3",
        "Parameters: " + " ".join(repr(float(value)) for value in numbers),
        "FixedParameters: 0 0 0",
    )
    return lambda path: path.write_text("\n".join(lines) + "\n", encoding="ascii")
