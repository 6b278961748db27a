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
from PETMRFusionLib.settings import ANATOMY_WINDOWS, COLORMAPS, DEVICES, ENGINES, PLANES, FusionSettings


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
    lightness: Annotated[float, WithinRange(0, 1)] = 1.0
    threshold: Annotated[float, WithinRange(0, 1e9)] = 0.0
    robustWindow: bool = True
    windowLow: Annotated[float, WithinRange(-1e9, 1e9)] = 0.0
    windowHigh: Annotated[float, WithinRange(-1e9, 1e9)] = 6.0
    windowUnits: str = ""
    anatomyWindow: Annotated[str, Choice(ANATOMY_WINDOWS)] = "auto"
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
        lightness=parameters.lightness,
        threshold=threshold_of(parameters),
        window=window,
        anatomy_window=parameters.anatomyWindow,
        colormap=parameters.colormap,
        plane=parameters.plane,
        model=parameters.modelPath or "light",
        sha256=parameters.modelSha256 if parameters.modelPath else "",
        engine=parameters.engine,
        device=parameters.device,
    )


def threshold_of(parameters: PETMRFusionParameterNode) -> float | None:
    """The least uptake that is shown; ``None`` where all is."""
    return parameters.threshold if parameters.threshold > 0 else None
