"""From nodes to a job for the worker, and from its results to nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib import record as rec
from PETMRFusionLib.blend import DIVERGING, blending
from PETMRFusionLib.geometry import Resampled, array_of, ijk_to_ras, resampling, same_grid, to_numpy, upright
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.output import dicom_files_of
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slabs import Work, new_image
from PETMRFusionLib.units import state_units, units_of
from PETMRFusionLib.volumes import place_beside, remove_whole, set_image


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


@dataclass(frozen=True)
class Ordered:
    """A job of fusing that is ready for the worker.

    Attributes:
        folder: the job.
        uptakes: functional values on the grid of the MRI, one for each frame.
    """

    folder: JobFolder
    uptakes: list[Resampled]


def ordering_fusion(
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: Sequence[slicer.vtkMRMLScalarVolumeNode],
    settings: FusionSettings,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
    *,
    task: str = "fuse",
) -> Work[Ordered]:
    """Write the job of fusing, in pieces.

    Raises:
        ValueError: the functional volume misses the MRI in the world, so that nothing of it would be fused.
    """
    moved, matrix = matrix_of(registration), ijk_to_ras(mr)
    headers = [files[0] for node in (mr, frames[0]) if (files := dicom_files_of(node))]
    dicom = {"dicom_headers": headers} if len(headers) == 2 else {}  # whose images they are
    with JobFolder.filled() as folder:
        anatomy = yield from folder.adding("anatomy", array_of(mr), matrix, mr.GetName())
        anatomy["units"] = units_of(mr)
        uptakes, ordered, values = [], [], []
        for number, frame in enumerate(frames):
            uptake = yield from resampling(frame, mr, registration=moved)
            if uptake.beyond is not None and uptake.beyond.all() and array_of(frame).any():
                msg = _("'{pet}' lies beside '{mr}': register it, or check the transforms of both")
                raise ValueError(msg.format(pet=frame.GetName(), mr=mr.GetName()))
            uptakes.append(uptake)
            orders = yield from folder.adding(f"function-{number}", uptake.values, matrix, frame.GetName())
            orders["units"] = units_of(frame)
            if uptake.beyond is not None:
                beyond = yield from folder.adding(f"beyond-{number}", uptake.beyond, matrix, kind=np.uint8)
                orders["beyond"] = beyond["array"]
            ordered.append(orders)
            if settings.window is None and (moved is not None or not same_grid(frame, mr)):
                values.append((yield from folder.adding(f"values-{number}", array_of(frame), matrix, frame.GetName())))
        folder.order(task, anatomy=anatomy, frames=ordered, values=values, **dicom, **settings.orders())
    return Ordered(folder, uptakes)


def ordering_alignment(
    task: str,
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: Sequence[slicer.vtkMRMLScalarVolumeNode],
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
    **orders: Any,
) -> Work[JobFolder]:
    """Write the job of checking the alignment, or of finding that of one frame, in the local frame of the MRI."""
    moved = matrix_of(registration)
    with JobFolder.filled() as folder:
        array, matrix = yield from upright(mr, mr)
        anatomy, functions = (yield from folder.adding("anatomy", array, matrix, mr.GetName())), []
        anatomy["units"] = units_of(mr)
        for number, node in enumerate(frames):
            array, matrix = yield from upright(node, mr, registration=moved)
            functions.append((yield from folder.adding(f"function-{number}", array, matrix, node.GetName())))
            functions[-1]["units"] = units_of(node)
        folder.order(task, anatomy=anatomy, functions=functions, **orders)
    return folder


def representative(frames: Sequence[slicer.vtkMRMLScalarVolumeNode]) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """First, middle and last frame: a patient who moves during a dynamic scan lies differently in one of them."""
    last = len(frames) - 1
    return [frames[number] for number in sorted({0, last // 2, last})]


def read_record(folder: JobFolder, frame: int, units: str, settings: FusionSettings) -> rec.Record:
    """What is known about the fusion of a frame."""
    facts = folder.facts()
    about = facts["frames"][frame]
    return rec.Record(
        anatomy_window=tuple(about["anatomy_window"]),
        window=tuple(facts["window"]),
        units=units,
        colormap=facts["colormap"],
        plane=about["plane"],
        table=folder.array("table"),
        provenance=about["provenance"],
        warnings=tuple(about["warnings"]),
        asked=settings.look(),
        no_data=about.get("no_data", 0.0),
    )


@dataclass(frozen=True)
class Images:
    """The voxels of a fusion, complete, before any node has them.

    Attributes:
        fused: colors.
        uptake: functional values on the grid of the MRI.
        luminance: fused luminance at full strength, 0 to 1.
        no_data: 1 where the functional image has no data; ``None`` where it has data everywhere.
    """

    fused: vtk.vtkImageData
    uptake: vtk.vtkImageData
    luminance: vtk.vtkImageData
    no_data: vtk.vtkImageData | None


def making_images(
    mr: slicer.vtkMRMLScalarVolumeNode,
    results: JobFolder,
    frame: int,
    uptake: Resampled,
    record: rec.Record,
    settings: FusionSettings,
) -> Work[Images]:
    """Read the results of a frame and color them, in pieces; no node is touched."""
    luminance, light = new_image(uptake.values.shape, np.float32)
    yield from results.reading(f"luminance-{frame}", light)
    blend = yield from blending(
        array_of(mr),
        light,
        uptake.values,
        record.table,
        anatomy_window=record.anatomy_window,
        window=record.window,
        signed=record.colormap == DIVERGING,
        threshold=settings.threshold,
        no_data=uptake.beyond,
    )
    fused, colors = new_image((*uptake.values.shape, 3), np.uint8)
    yield from blend.coloring(settings.strength, colors, lightness=settings.lightness)
    no_data = None
    if uptake.beyond is not None:
        no_data, mask = new_image(uptake.values.shape, np.uint8)
        mask[:] = uptake.beyond
    return Images(fused, uptake.image, luminance, no_data)


def fill_nodes(
    mr: slicer.vtkMRMLScalarVolumeNode,
    pet: slicer.vtkMRMLScalarVolumeNode,
    nodes: FusionNodes,
    images: Images,
    record: rec.Record,
    settings: FusionSettings,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
) -> None:
    """Fill the nodes, and let the fused one remember all that belongs to it."""
    set_image(nodes.luminance, images.luminance, mr, window=(0, 1))
    set_image(nodes.uptake, images.uptake, mr, window=record.window)
    state_units(pet, nodes.uptake)
    set_image(nodes.fused, images.fused, mr)
    references = {rec.MR: mr, rec.PET: pet, rec.UPTAKE: nodes.uptake, rec.LUMINANCE: nodes.luminance}
    for role, node in references.items():
        nodes.fused.SetNodeReferenceID(role, node.GetID())
    keep_no_data(nodes.fused, images.no_data, mr)
    rec.state_look(nodes.fused, settings.strength, settings.lightness, settings.threshold)
    nodes.fused.SetAttribute(rec.REGISTRATION, registration.GetName() if registration is not None else None)
    nodes.fused.SetNodeReferenceID(rec.MOVED, registration.GetID() if registration is not None else None)
    rec.write_record(nodes.fused, record)


def keep_no_data(
    fused: slicer.vtkMRMLVectorVolumeNode, image: vtk.vtkImageData | None, mr: slicer.vtkMRMLScalarVolumeNode
) -> None:
    """A hidden mask beside the fused volume: where no data is must be known whenever it is colored anew."""
    node = fused.GetNodeReference(rec.NO_DATA)
    if image is None:
        if node is not None:
            remove_whole(node)
        return
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{fused.GetName()} no data")
        node.SetHideFromEditors(True)
        fused.SetNodeReferenceID(rec.NO_DATA, node.GetID())
    set_image(node, image, mr, display=False)


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
    fused = _node(
        fused, "vtkMRMLVectorVolumeNode", _("{mr} fused with {pet}").format(mr=mr.GetName(), pet=pet.GetName()), mr
    )
    uptake = _node(uptake, "vtkMRMLScalarVolumeNode", _("{pet} on {mr}").format(pet=pet.GetName(), mr=mr.GetName()), mr)
    luminance = _node(luminance, "vtkMRMLScalarVolumeNode", _("{fused} luminance").format(fused=fused.GetName()), mr)
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
