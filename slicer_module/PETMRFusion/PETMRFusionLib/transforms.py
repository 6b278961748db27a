"""Registrations from and for other programs.

A registration of the panel moves points of the PET in the local frame of the MRI.  A file goes from a point of the one
image to that of the other, in the frames of their files: the local frames of both volumes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib.fusing import matrix_of
from PETMRFusionLib.geometry import array_of, between, ijk_to_ras, to_numpy, to_vtk
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.slabs import Work
from PETMRFusionLib.units import units_of

#: Between RAS and LPS.
_FLIP = np.diag((-1.0, -1.0, 1.0, 1.0))

#: What a file of a transform is called.
SUFFIXES = (".tfm", ".txt")


def frames_between(mr: slicer.vtkMRMLVolumeNode, pet: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """Local points of the MRI to local points of the PET, as the scene has them now, 4 x 4.

    Raises:
        ValueError: a transform between them is not linear.
    """
    path = between(mr, pet)
    if not isinstance(path, vtk.vtkLinearTransform):
        msg = _("'{mr}' and '{pet}' lie under a transform that is not linear: no file of a matrix can hold it")
        raise ValueError(msg.format(mr=mr.GetName(), pet=pet.GetName()))
    return to_numpy(path.GetMatrix())


def ordering_transform(
    mr: slicer.vtkMRMLScalarVolumeNode, pet: slicer.vtkMRMLScalarVolumeNode, path: str
) -> Work[JobFolder]:
    """Write the job of reading a transform, in pieces."""
    with JobFolder.filled() as folder:
        volumes = []
        for file, node in (("anatomy", mr), ("function-0", pet)):
            volume = yield from folder.adding(file, array_of(node), ijk_to_ras(node), node.GetName())
            storage = node.GetStorageNode()
            loaded = storage.GetFileName() if storage is not None else None
            volume |= {"units": units_of(node), "file": str(Path(loaded).absolute()) if loaded else ""}
            volumes.append(volume)
        folder.order("transform", anatomy=volumes[0], functions=volumes[1:], path=path)
    return folder


def registration_node(
    mr: slicer.vtkMRMLScalarVolumeNode, pet: slicer.vtkMRMLScalarVolumeNode, path: str, matrix: np.ndarray
) -> slicer.vtkMRMLLinearTransformNode:
    """A registration node of a matrix that takes anatomical to functional points of the files, RAS."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", Path(path).stem)
    node.SetMatrixTransformToParent(to_vtk(np.linalg.inv(matrix) @ frames_between(mr, pet)))
    return node


def save_transform(
    mr: slicer.vtkMRMLScalarVolumeNode,
    pet: slicer.vtkMRMLScalarVolumeNode,
    registration: slicer.vtkMRMLLinearTransformNode | None,
    path: str,
) -> str:
    """Write where the PET lies in the MRI as an ITK transform: a point of the MRI to that of the PET, LPS.

    ANTs, SimpleITK and Slicer read it; applied to the PET in Slicer it moves it onto the MRI.

    Raises:
        ValueError: a transform between the two is not linear, or the name has another ending.
    """
    if not path.lower().endswith(SUFFIXES):
        raise ValueError(_("{path}: choose .tfm or .txt").format(path=path))
    moved = matrix_of(registration)
    matrix = frames_between(mr, pet) @ (np.eye(4) if moved is None else np.linalg.inv(moved))
    lps = _FLIP @ matrix @ _FLIP
    numbers = " ".join(repr(float(value)) for value in (*lps[:3, :3].ravel(), *lps[:3, 3]))
    lines = ("#Insight Transform File V1.0", "#Transform 0", "Transform: AffineTransform_double_3_3")
    text = "\n".join((*lines, f"Parameters: {numbers}", "FixedParameters: 0 0 0", ""))
    file = Path(path).absolute()
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="ascii")
    part.replace(file)
    return str(file)
