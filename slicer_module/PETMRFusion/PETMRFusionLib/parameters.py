"""The settings of the module, saved with the scene."""

from __future__ import annotations

from typing import Annotated

from slicer import (
    vtkMRMLLinearTransformNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSequenceNode,
    vtkMRMLVectorVolumeNode,
)
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper

from PETMRFusionLib.display import PALETTES
from PETMRFusionLib.settings import COLORMAPS, DEVICES, ENGINES, PLANES, FusionSettings


@parameterNodeWrapper
class PETMRFusionParameterNode:
    """What the user chose; the fields are bound to the widgets that name them in ``SlicerParameterName``.

    Nothing here may start a program or install a package: a scene is data (see :mod:`PETMRFusionLib.machine`).
    """

    mrVolume: vtkMRMLScalarVolumeNode
    petVolume: vtkMRMLScalarVolumeNode
    petSequence: vtkMRMLSequenceNode
    registration: vtkMRMLLinearTransformNode
    fusedVolume: vtkMRMLVectorVolumeNode
    strength: Annotated[float, WithinRange(0, 1)] = 1.0
    robustWindow: bool = True
    windowLow: Annotated[float, WithinRange(-1e9, 1e9)] = 0.0
    windowHigh: Annotated[float, WithinRange(-1e9, 1e9)] = 6.0
    windowUnits: str = ""
    colormap: Annotated[str, Choice(COLORMAPS)] = "uptake"
    palette: Annotated[str, Choice(tuple(PALETTES))] = "PET-DICOM"
    plane: Annotated[str, Choice(PLANES)] = "auto"
    engine: Annotated[str, Choice(ENGINES)] = "auto"
    device: Annotated[str, Choice(DEVICES)] = "auto"
    modelPath: str = ""
    modelSha256: str = ""


def settings_of(parameters: PETMRFusionParameterNode) -> FusionSettings:
    """The settings of a fusion.

    Raises:
        ValueError: they do not fit together.
    """
    window = None if parameters.robustWindow else (parameters.windowLow, parameters.windowHigh)
    return FusionSettings(
        strength=parameters.strength,
        window=window,
        colormap=parameters.colormap,
        plane=parameters.plane,
        model=parameters.modelPath or "light",
        sha256=parameters.modelSha256 if parameters.modelPath else "",
        engine=parameters.engine,
        device=parameters.device,
    )
