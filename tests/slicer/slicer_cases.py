"""Nodes with known truth for the tests of the Slicer module."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from PETMRFusionLib.geometry import to_numpy, to_vtk

Shape = tuple[int, int, int]


def turned(
    axis: tuple[float, float, float], degrees: float, shift: tuple[float, float, float] = (0, 0, 0)
) -> np.ndarray:
    """Rotation about an axis through the origin, then a shift in mm."""
    transform = vtk.vtkTransform()
    transform.RotateWXYZ(degrees, *axis)
    matrix = to_numpy(transform.GetMatrix())
    matrix[:3, 3] = shift
    return matrix


def grid(spacing: Any, origin: Any, rotation: np.ndarray | None = None) -> np.ndarray:
    """Voxel to RAS."""
    matrix = (np.eye(4) if rotation is None else rotation) @ np.diag([*spacing, 1.0])
    matrix[:3, 3] = origin
    return matrix


#: MRI and PET of different extents; the PET is rotated and coarser.
MR = grid((1, 1, 1.5), (-30, -28, -25)), (34, 56, 60)
PET = grid((2.1, 1.9, 3.3), (-45, -40, -48), turned((0.2, 0.5, 1), 17)), (30, 44, 46)

SHEAR = np.array([[1, 0.2, 0, 0], [0, 1, 0.1, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def points(matrix: np.ndarray, shape: Shape) -> np.ndarray:
    """RAS of every voxel: (3, k, j, i)."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return moved(matrix, np.stack([i, j, k]).astype(float))


def moved(matrix: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Points (3, ...) through a matrix."""
    return np.einsum("rc,c...->r...", matrix[:3, :3], places) + matrix[:3, 3].reshape(3, *[1] * (places.ndim - 1))


def field(places: np.ndarray) -> np.ndarray:
    """A smooth function of world points without any symmetry; linear interpolation errs by less than 0.5."""
    x, y, z = places
    return 100 + x + 0.5 * y - 0.7 * z + 20 * np.sin(x / 25) * np.cos((y + z) / 31)


def within(matrix: np.ndarray, shape: Shape, places: np.ndarray) -> np.ndarray:
    """Which points lie well inside a grid."""
    voxel = moved(np.linalg.inv(matrix), places)
    size = np.array(shape[::-1]).reshape(3, 1, 1, 1)
    return ((voxel > 0.5) & (voxel < size - 1.5)).all(axis=0)


def volume(name: str, array: np.ndarray, matrix: np.ndarray, kind: str = "vtkMRMLScalarVolumeNode") -> Any:
    """A volume node in the scene."""
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetIJKToRASMatrix(to_vtk(matrix))
    return node


def parent(matrix: np.ndarray, *children: Any) -> Any:
    """A linear transform node above some nodes."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(to_vtk(matrix))
    for child in children:
        child.SetAndObserveTransformNodeID(node.GetID())
    return node


def wave(*children: Any) -> Any:
    """A deformation above some nodes: x + 4 sin(z / 40)."""
    lattice = vtk.vtkImageData()
    lattice.SetDimensions(12, 12, 12)
    lattice.SetSpacing(12, 12, 12)
    lattice.SetOrigin(-66, -66, -66)
    lattice.AllocateScalars(vtk.VTK_DOUBLE, 3)
    shift = vtk.util.numpy_support.vtk_to_numpy(lattice.GetPointData().GetScalars()).reshape(12, 12, 12, 3)
    shift[:] = 0
    shift[..., 0] = 4 * np.sin((np.arange(12)[:, None, None] * 12 - 66) / 40)
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(lattice)
    transform.SetInterpolationModeToCubic()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetAndObserveTransformToParent(transform)
    for child in children:
        child.SetAndObserveTransformNodeID(node.GetID())
    return node


def head_nodes(spacing: float = 4.0, misalign: Any = None) -> tuple[Any, Any]:
    """MRI and PET of the generated head of coconet-med."""
    import SimpleITK as sitk

    from coconet_med.phantom import head_phantom

    head = head_phantom(spacing=spacing, pet_spacing=5.0, pet_tilt=(5.0, 0.0, 12.0), noise=0.5, misalign=misalign)
    nodes = []
    for name, image in (("head MRI", head.t1), ("head PET", head.pet)):
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
        matrix[:3, 3] = image.GetOrigin()
        nodes.append(volume(name, sitk.GetArrayFromImage(image), np.diag((-1.0, -1.0, 1.0, 1.0)) @ matrix))
    return nodes[0], nodes[1]


def state(*nodes: Any) -> list[Any]:
    """All that must not change of input nodes."""
    return [
        (slicer.util.arrayFromVolume(n).tobytes(), points_of(n).tobytes(), n.GetTransformNodeID(), n.GetName())
        for n in nodes
    ]


def points_of(node: Any) -> np.ndarray:
    """Voxel to RAS of a node."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return to_numpy(matrix)
