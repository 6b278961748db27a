"""From nodes to a job for the worker, and from its results to nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from PETMRFusionLib import record as rec
from PETMRFusionLib.blend import Blend, scaled, steps
from PETMRFusionLib.geometry import array_of, ijk_to_ras, resample, same_grid, to_numpy, upright
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.output import dicom_files_of
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.units import state_units
from PETMRFusionLib.volumes import place_beside, set_array


@dataclass(frozen=True)
class FusionNodes:
    """What a fusion makes, all on the grid and under the transform of the MRI.

    Attributes:
        fused: colors, for looking.
        uptake: functional values in their own units, for measuring.
        luminance: fused luminance at full strength, 0 to 1.
    """

    fused: slicer.vtkMRMLVectorVolumeNode
    uptake: slicer.vtkMRMLScalarVolumeNode
    luminance: slicer.vtkMRMLScalarVolumeNode


def matrix_of(registration: slicer.vtkMRMLLinearTransformNode | None) -> np.ndarray | None:
    """Matrix by which a registration moves functional points, in the local frame of the MRI."""
    if registration is None:
        return None
    out = vtk.vtkMatrix4x4()
    registration.GetMatrixTransformToParent(out)
    return to_numpy(out)


def order_fusion(
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: Sequence[slicer.vtkMRMLScalarVolumeNode],
    settings: FusionSettings,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
    *,
    task: str = "fuse",
) -> tuple[JobFolder, list[np.ndarray]]:
    """The job of fusing, and the functional values on the grid of the MRI, one array for each frame.

    Raises:
        ValueError: the functional volume misses the MRI in the world, so that nothing of it would be fused.
    """
    folder, moved = JobFolder(), matrix_of(registration)
    matrix = ijk_to_ras(mr)
    anatomy = folder.volume("anatomy", array_of(mr).astype(np.float32), matrix, name=mr.GetName())
    uptakes, told, values = [], [], []
    for number, frame in enumerate(frames):
        uptake = np.nan_to_num(resample(frame, mr, registration=moved), posinf=0, neginf=0)
        if not uptake.any() and array_of(frame).any():
            folder.remove()
            msg = f"'{frame.GetName()}' lies beside '{mr.GetName()}': register it, or check the transforms of both"
            raise ValueError(msg)
        uptakes.append(uptake)
        told.append(folder.volume(f"function-{number}", uptake, matrix, name=frame.GetName()))
        if settings.window is None and (moved is not None or not same_grid(frame, mr)):
            values.append(folder.volume(f"values-{number}", array_of(frame).astype(np.float32), matrix))
    headers = [files[0] for node in (mr, frames[0]) if (files := dicom_files_of(node))]
    dicom = {"dicom_headers": headers} if len(headers) == 2 else {}  # whose images they are
    folder.order(task, anatomy=anatomy, frames=told, values=values, **dicom, **settings.orders())
    return folder, uptakes


def order_alignment(
    task: str,
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: Sequence[slicer.vtkMRMLScalarVolumeNode],
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
) -> JobFolder:
    """The job of checking the alignment, or of finding that of one frame, in the local frame of the MRI."""
    folder, moved = JobFolder(), matrix_of(registration)
    array, matrix = upright(mr, mr)
    anatomy, functions = folder.volume("anatomy", array, matrix, name=mr.GetName()), []
    for number, node in enumerate(frames):
        array, matrix = upright(node, mr, registration=moved)
        functions.append(folder.volume(f"function-{number}", array, matrix, name=node.GetName()))
    folder.order(task, anatomy=anatomy, functions=functions)
    return folder


def representative(frames: Sequence[slicer.vtkMRMLScalarVolumeNode]) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """First, middle and last frame: a patient who moves during a dynamic scan lies differently in one of them."""
    last = len(frames) - 1
    return [frames[number] for number in sorted({0, last // 2, last})]


def read_results(folder: JobFolder, frame: int, units: str, settings: FusionSettings) -> tuple[np.ndarray, rec.Record]:
    """Fused luminance of a frame, and what is known about it."""
    facts = folder.facts()
    about = facts["frames"][frame]
    record = rec.Record(
        anatomy_window=tuple(about["anatomy_window"]),
        window=tuple(facts["window"]),
        units=units,
        colormap=facts["colormap"],
        plane=about["plane"],
        table=folder.array("table"),
        provenance=about["provenance"],
        warnings=tuple(about["warnings"]),
        asked=settings.look(),
    )
    return folder.array(f"luminance-{frame}"), record


def blend_results(
    mr: slicer.vtkMRMLScalarVolumeNode, luminance: np.ndarray, uptake: np.ndarray, record: rec.Record
) -> Blend:
    """What coloring needs, straight from the results."""
    return Blend(
        anatomy=scaled(array_of(mr), record.anatomy_window),
        luminance=luminance,
        uptake=steps(scaled(uptake, record.window)),
        table=record.table,
    )


def fill_nodes(
    mr: slicer.vtkMRMLScalarVolumeNode,
    pet: slicer.vtkMRMLScalarVolumeNode,
    nodes: FusionNodes,
    luminance: np.ndarray,
    uptake: np.ndarray,
    record: rec.Record,
    strength: float,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
) -> None:
    """Fill the three nodes, and let the fused one remember all that belongs to it."""
    colors = blend_results(mr, luminance, uptake, record).colors(strength)
    set_array(nodes.luminance, luminance, mr)
    set_array(nodes.uptake, uptake, mr)
    state_units(pet, nodes.uptake)
    set_array(nodes.fused, colors, mr)
    references = {rec.MR: mr, rec.PET: pet, rec.UPTAKE: nodes.uptake, rec.LUMINANCE: nodes.luminance}
    for role, node in references.items():
        nodes.fused.SetNodeReferenceID(role, node.GetID())
    nodes.fused.SetAttribute(rec.STRENGTH, f"{strength:g}")
    nodes.fused.SetAttribute(rec.REGISTRATION, registration.GetName() if registration is not None else None)
    rec.write_record(nodes.fused, record)


def output_nodes(
    mr: slicer.vtkMRMLScalarVolumeNode,
    pet: slicer.vtkMRMLScalarVolumeNode,
    fused: slicer.vtkMRMLVectorVolumeNode | None,
    uptake: slicer.vtkMRMLScalarVolumeNode | None,
    luminance: slicer.vtkMRMLScalarVolumeNode | None,
) -> FusionNodes:
    """The nodes given, those that the fused one had before, else new ones.

    Values of one pair never take the place of those of another: the nodes of an earlier pair stay as they are.
    """
    if fused is not None and is_of(fused, mr, pet):
        uptake = uptake or fused.GetNodeReference(rec.UPTAKE)
        luminance = luminance or fused.GetNodeReference(rec.LUMINANCE)
    fused = _node(fused, "vtkMRMLVectorVolumeNode", f"{mr.GetName()} fused with {pet.GetName()}", mr)
    uptake = _node(uptake, "vtkMRMLScalarVolumeNode", f"{pet.GetName()} on {mr.GetName()}", mr)
    luminance = _node(luminance, "vtkMRMLScalarVolumeNode", f"{fused.GetName()} luminance", mr)
    return FusionNodes(fused, uptake, luminance)


def is_of(
    fused: slicer.vtkMRMLVectorVolumeNode, mr: slicer.vtkMRMLScalarVolumeNode, pet: slicer.vtkMRMLScalarVolumeNode
) -> bool:
    """Whether a fused volume was made of these two."""
    return fused.GetNodeReference(rec.MR) is mr and fused.GetNodeReference(rec.PET) is pet


def _node(
    node: slicer.vtkMRMLVolumeNode | None, kind: str, name: str, mr: slicer.vtkMRMLScalarVolumeNode
) -> slicer.vtkMRMLVolumeNode:
    """A node that is called after its sources; one that the user named keeps that name."""
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
        place_beside(mr, node)
    elif node.GetAttribute(rec.NAME) is None or node.GetAttribute(rec.NAME) != node.GetName():
        return node
    else:
        node.SetName(name)
    node.SetAttribute(rec.NAME, node.GetName())
    return node
