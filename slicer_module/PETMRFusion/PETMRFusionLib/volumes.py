"""Reading input nodes and filling output nodes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

#: Attribute of a volume from DICOM: the UIDs of its instances, with blanks between them.
INSTANCES = "DICOM.instanceUIDs"


def check_scalar(node: slicer.vtkMRMLVolumeNode | None, role: str) -> None:
    """Refuse what is not one scalar volume.

    Color volumes and label maps are kinds of scalar volumes to MRML, so their class alone says nothing.

    Raises:
        ValueError: in words for the user.
    """
    if node is None:
        msg = f"Select the {role} volume"
        raise ValueError(msg)
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        msg = f"The {role} volume '{node.GetName()}' is empty: load it first"
        raise ValueError(msg)
    if image.GetNumberOfScalarComponents() != 1 or node.IsA("vtkMRMLLabelMapVolumeNode"):
        msg = f"The {role} volume '{node.GetName()}' has colors or labels, not values: choose the original volume"
        raise ValueError(msg)


def check_pair(mr: slicer.vtkMRMLVolumeNode | None, pet: slicer.vtkMRMLVolumeNode | None) -> None:
    """Refuse inputs that cannot be fused.

    Raises:
        ValueError: in words for the user.
    """
    check_scalar(mr, "MRI")
    check_scalar(pet, "PET/SPECT")
    if mr.GetID() == pet.GetID():
        msg = "MRI and PET/SPECT are the same volume: choose two"
        raise ValueError(msg)


def set_array(node: slicer.vtkMRMLVolumeNode, array: np.ndarray, reference: slicer.vtkMRMLVolumeNode) -> None:
    """Fill a scalar or vector node: voxels (k, j, i) or (k, j, i, 3), grid and parent transform of ``reference``."""
    matrix = vtk.vtkMatrix4x4()
    reference.GetIJKToRASMatrix(matrix)
    place(node, array, matrix, reference.GetTransformNodeID())


def place(node: slicer.vtkMRMLVolumeNode, array: np.ndarray, matrix: vtk.vtkMatrix4x4, parent: str | None) -> None:
    """Fill a node with voxels at a place of its own."""
    image = vtk.vtkImageData()
    image.SetDimensions(*array.shape[2::-1])
    flat = np.ascontiguousarray(array).reshape(-1, 3) if array.ndim == 4 else np.ascontiguousarray(array).ravel()
    values = numpy_support.numpy_to_vtk(flat, deep=True)
    values.SetName("ImageScalars")
    image.GetPointData().SetScalars(values)
    with slicer.util.NodeModify(node):
        node.SetIJKToRASMatrix(matrix)
        node.SetAndObserveImageData(image)
        node.SetAndObserveTransformNodeID(parent)
        if array.ndim == 4:
            node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)
    if node.GetScene() and not node.GetDisplayNode():
        node.CreateDefaultDisplayNodes()
    if array.ndim == 4:
        show_colors_unchanged(node)


def show_colors_unchanged(node: slicer.vtkMRMLVectorVolumeNode) -> None:
    """Turn off the automatic window, which would stretch fused colors."""
    display = node.GetDisplayNode()
    if display is not None:
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0, 255)


def place_beside(mr: slicer.vtkMRMLVolumeNode, *nodes: slicer.vtkMRMLVolumeNode) -> None:
    """Put new nodes where the MRI is in the subject hierarchy: under its study, or in its folder."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(mr) if hierarchy is not None else 0
    if not item:
        return
    parent = hierarchy.GetItemParent(item)
    for node in nodes:
        own = hierarchy.GetItemByDataNode(node)
        if own:
            hierarchy.SetItemParent(own, parent)
        else:
            hierarchy.CreateItem(parent, node)
