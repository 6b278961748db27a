"""Pixels of a slice view from the real slice pipeline; no window and no OpenGL."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util import numpy_support


def pixels(logic: Any) -> np.ndarray:
    """RGBA ``uint8`` (row, column, 4) of a slice view, row 0 at the top."""
    logic.UpdatePipeline()
    port = logic.GetImageDataConnection()
    port.GetProducer().Update()
    image = port.GetProducer().GetOutputDataObject(port.GetIndex())
    width, height, _ = image.GetDimensions()
    values = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    return values.reshape(height, width, -1)[::-1]


def pixel_of(logic: Any, world: Any) -> tuple[int, int]:
    """Row and column in :func:`pixels` of a world point."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(logic.GetSliceNode().GetXYToRAS())
    matrix.Invert()
    x, y, _, _ = matrix.MultiplyPoint((*world, 1.0))
    return logic.GetSliceNode().GetDimensions()[1] - 1 - round(y), round(x)
