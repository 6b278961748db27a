"""What exactly was looked at: the content of volumes and their place, so that a verdict is never carried over.

MRML IDs are given again in the next scene; the modified times of VTK are counted through the whole process and never
come again, so they tell contents apart across scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib.geometry import between, ijk_to_ras, to_numpy
from PETMRFusionLib.jobs import FusionError
from PETMRFusionLib.sequence import parent_transform

State = tuple[Any, ...]

#: Digits after the point (mm) to which places are distinguished.
DIGITS = 6


def state_of(node: slicer.vtkMRMLVolumeNode | None) -> State | None:
    """Content and place of a volume in the world; ``None`` of a volume that is not in the scene."""
    if node is None or node.GetScene() is None:
        return None
    return (node.GetID(), _content(node), *_place(node))


def state_of_frames(frames: slicer.vtkMRMLSequenceNode | None, parent: str | None) -> State | None:
    """Content and place of a sequence of volumes that is played under the transform with the ID ``parent``."""
    if frames is None or frames.GetScene() is None:
        return None
    nodes = [frames.GetNthDataNode(number) for number in range(frames.GetNumberOfDataNodes())]
    content_keys = tuple(
        (_content(node), _rounded(ijk_to_ras(node))) for node in nodes if node.IsA("vtkMRMLVolumeNode")
    )
    transform = slicer.mrmlScene.GetNodeByID(parent) if parent else None
    return (frames.GetID(), content_keys, _chain(transform))


def state_of_registration(node: slicer.vtkMRMLLinearTransformNode | None) -> State | None:
    """Where a registration moves to."""
    if node is None or node.GetScene() is None:
        return None
    matrix = vtk.vtkMatrix4x4()
    node.GetMatrixTransformToParent(matrix)
    return (node.GetID(), _rounded(to_numpy(matrix)))


def unchanged_since_now(
    *volumes: slicer.vtkMRMLScalarVolumeNode,
    frames: slicer.vtkMRMLSequenceNode | None = None,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
) -> Callable[[], None]:
    """A function that refuses results where content or place of what they are of changed meanwhile."""

    def state() -> tuple[Any, ...]:
        moving = state_of_frames(frames, parent_transform(frames))
        return (*(state_of(node) for node in volumes), moving, state_of_registration(registration))

    before = state()

    def check() -> None:
        if state() != before:
            raise FusionError(_("The volumes changed or were moved while the work was under way: start it again"))

    return check


def _content(node: slicer.vtkMRMLVolumeNode) -> int:
    image = node.GetImageData()
    return image.GetMTime() if image is not None else node.GetMTime()


def _place(node: slicer.vtkMRMLVolumeNode) -> State:
    path = between(node, None)
    if isinstance(path, vtk.vtkLinearTransform):
        return (_rounded(to_numpy(path.GetMatrix()) @ ijk_to_ras(node)),)
    return (_rounded(ijk_to_ras(node)), _chain(node.GetParentTransformNode()))


def _chain(transform: slicer.vtkMRMLTransformNode | None) -> State | None:
    """All transforms from one to the world, as one matrix where they are one."""
    if transform is None:
        return None
    if transform.IsTransformToWorldLinear():
        matrix = vtk.vtkMatrix4x4()
        transform.GetMatrixTransformToWorld(matrix)
        return (_rounded(to_numpy(matrix)),)
    return (transform.GetID(), transform.GetTransformToWorldMTime())


def _rounded(matrix: Any) -> tuple[float, ...]:
    return tuple(round(float(value), DIGITS) + 0.0 for value in matrix.ravel())
