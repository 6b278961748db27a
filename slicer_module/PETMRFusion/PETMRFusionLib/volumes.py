"""Reading input nodes and filling output nodes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib.slabs import image_of

#: Attribute of a volume from DICOM: the UIDs of its instances, with blanks between them.
INSTANCES = "DICOM.instanceUIDs"


def check_scalar(node: slicer.vtkMRMLVolumeNode | None, role: str) -> None:
    """Refuse what is not one scalar volume.

    Color volumes and label maps are kinds of scalar volumes to MRML, so their class alone says nothing.

    Raises:
        ValueError: in words for the user.
    """
    if node is None:
        raise ValueError(_("Select the {role} volume").format(role=role))
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        msg = _("The {role} volume '{name}' is empty: load it first")
        raise ValueError(msg.format(role=role, name=node.GetName()))
    if image.GetNumberOfScalarComponents() != 1 or node.IsA("vtkMRMLLabelMapVolumeNode"):
        msg = _("The {role} volume '{name}' has colors or labels, not values: choose the original volume")
        raise ValueError(msg.format(role=role, name=node.GetName()))


def check_pair(mr: slicer.vtkMRMLVolumeNode | None, pet: slicer.vtkMRMLVolumeNode | None) -> None:
    """Refuse inputs that cannot be fused.

    Raises:
        ValueError: in words for the user.
    """
    check_scalar(mr, "MRI")
    check_scalar(pet, "PET/SPECT")
    if mr.GetID() == pet.GetID():
        raise ValueError(_("MRI and PET/SPECT are the same volume: choose two"))


def set_image(
    node: slicer.vtkMRMLVolumeNode,
    image: vtk.vtkImageData,
    reference: slicer.vtkMRMLVolumeNode,
    *,
    display: bool = True,
    window: tuple[float, float] | None = None,
) -> None:
    """Give a node an image, which it keeps without a copy, with grid and parent transform of ``reference``."""
    matrix = vtk.vtkMatrix4x4()
    reference.GetIJKToRASMatrix(matrix)
    place_image(node, image, matrix, reference.GetTransformNodeID(), display=display, window=window)


def place(node: slicer.vtkMRMLVolumeNode, array: np.ndarray, matrix: vtk.vtkMatrix4x4, parent: str | None) -> None:
    """Fill a node with voxels at a place of its own."""
    place_image(node, image_of(array), matrix, parent)


def place_image(
    node: slicer.vtkMRMLVolumeNode,
    image: vtk.vtkImageData,
    matrix: vtk.vtkMatrix4x4,
    parent: str | None,
    *,
    display: bool = True,
    window: tuple[float, float] | None = None,
) -> None:
    """Give a node an image at a place of its own, and a display unless it is for no eyes.

    Args:
        node: the node.
        image: its voxels.
        matrix: voxel to RAS.
        parent: ID of the transform above it.
        display: whether it gets a display, if it has none.
        window: of a new display; an automatic one looks at all voxels, for seconds in a large volume.
    """
    colored = image.GetNumberOfScalarComponents() == 3
    if display and node.GetScene() and not node.GetDisplayNode():
        node.CreateDefaultDisplayNodes()
        if window is not None:
            node.GetDisplayNode().SetAutoWindowLevel(False)
            node.GetDisplayNode().SetWindowLevelMinMax(*window)
    if colored:
        show_colors_unchanged(node)  # before there are voxels: the automatic window would look at all of them
    with slicer.util.NodeModify(node):
        node.SetIJKToRASMatrix(matrix)
        node.SetAndObserveImageData(image)
        node.SetAndObserveTransformNodeID(parent)
        if colored:
            node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)


def remove_whole(node: slicer.vtkMRMLDisplayableNode | None) -> None:
    """Take a node out of the scene together with what shows and stores it, which MRML leaves behind."""
    if node is None or node.GetScene() is None:
        return
    others = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    others += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    scene = node.GetScene()
    scene.RemoveNode(node)
    for other in others:
        if other is not None and other.GetScene() is not None:
            scene.RemoveNode(other)


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
