"""Dynamic PET: a sequence of frames becomes a sequence of fused volumes with one window for all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import slicer

from PETMRFusionLib.fusing import blend_results
from PETMRFusionLib.record import STRENGTH, Record, write_record
from PETMRFusionLib.volumes import INSTANCES, check_scalar, set_array


@dataclass(frozen=True)
class FusedSequence:
    """Sequences with one item for each frame, played together.

    Attributes:
        fused: fused colors.
        uptake: functional values on the grid of the MRI.
        browser: plays both, and the frames they were made of.
    """

    fused: slicer.vtkMRMLSequenceNode
    uptake: slicer.vtkMRMLSequenceNode
    browser: slicer.vtkMRMLSequenceBrowserNode


@contextlib.contextmanager
def frames_in_scene(frames: slicer.vtkMRMLSequenceNode | None) -> Iterator[list[slicer.vtkMRMLScalarVolumeNode]]:
    """The frames as nodes of the scene for a while, under the transform of the volume in which they are played.

    Raises:
        ValueError: there are no frames, or they are no scalar volumes.
    """
    if frames is None or frames.GetNumberOfDataNodes() == 0:
        msg = "The sequence has no frames: choose a dynamic PET"
        raise ValueError(msg)
    parent = parent_transform(frames)
    nodes: list[slicer.vtkMRMLScalarVolumeNode] = []
    try:
        for number in range(frames.GetNumberOfDataNodes()):
            data = frames.GetNthDataNode(number)
            if not data.IsA("vtkMRMLVolumeNode"):
                msg = f"'{frames.GetName()}' is a sequence of {data.GetClassName()}: choose a sequence of volumes"
                raise ValueError(msg)
            check_scalar(data, "PET/SPECT")
            node = slicer.vtkMRMLScalarVolumeNode()
            node.SetHideFromEditors(True)
            node.SetName(f"{frames.GetName()} frame {number + 1}")
            node.CopyOrientation(data)
            node.SetAndObserveImageData(data.GetImageData())
            node.SetVoxelValueUnits(data.GetVoxelValueUnits())
            node.SetVoxelValueQuantity(data.GetVoxelValueQuantity())
            node.SetAttribute(INSTANCES, data.GetAttribute(INSTANCES) or frames.GetAttribute(INSTANCES))
            nodes.append(slicer.mrmlScene.AddNode(node))
            nodes[-1].SetAndObserveTransformNodeID(parent)
        yield nodes
    finally:
        for node in nodes:
            slicer.mrmlScene.RemoveNode(node)


def build(
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: slicer.vtkMRMLSequenceNode,
    results: list[tuple[np.ndarray, Record]],
    uptakes: list[np.ndarray],
    strength: float,
) -> FusedSequence:
    """Sequences of the results, and a browser that plays them with the frames."""
    scene = slicer.mrmlScene
    fused = scene.AddNewNodeByClass("vtkMRMLSequenceNode", f"{frames.GetName()} fused")
    values = scene.AddNewNodeByClass("vtkMRMLSequenceNode", f"{frames.GetName()} on {mr.GetName()}")
    for target in (fused, values):
        target.SetIndexName(frames.GetIndexName())
        target.SetIndexUnit(frames.GetIndexUnit())
        target.SetIndexType(frames.GetIndexType())
    for number, ((luminance, record), uptake) in enumerate(zip(results, uptakes, strict=True)):
        index = frames.GetNthIndexValue(number)
        colors = blend_results(mr, luminance, uptake, record).colors(strength)
        for target, class_name, array in (
            (fused, "vtkMRMLVectorVolumeNode", colors),
            (values, "vtkMRMLScalarVolumeNode", uptake),
        ):
            node = scene.AddNewNodeByClass(class_name, f"{target.GetName()} frame")
            set_array(node, array, mr)
            target.SetDataNodeAtValue(node, index)
            scene.RemoveNode(node)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{fused.GetName()} browser")
    browser.SetAndObserveMasterSequenceNodeID(fused.GetID())
    for target in (values, frames):
        browser.AddSynchronizedSequenceNode(target)
    _dress(browser, fused, mr, results[0][1], strength)
    return FusedSequence(fused, values, browser)


def _dress(
    browser: slicer.vtkMRMLSequenceBrowserNode,
    fused: slicer.vtkMRMLSequenceNode,
    mr: slicer.vtkMRMLScalarVolumeNode,
    record: Record,
    strength: float,
) -> None:
    """Make the volume in which the fused frames are played, and let it know its facts."""
    logic = sequences_logic()
    if logic is not None:
        logic.UpdateProxyNodesFromSequences(browser)
    proxy = browser.GetProxyNode(fused)
    if proxy is None:
        return
    proxy.SetAndObserveTransformNodeID(mr.GetTransformNodeID())
    if proxy.GetDisplayNode() is None:
        proxy.CreateDefaultDisplayNodes()
    from PETMRFusionLib.volumes import show_colors_unchanged

    show_colors_unchanged(proxy)
    proxy.SetAttribute(STRENGTH, f"{strength:g}")
    write_record(proxy, record)


def sequences_logic() -> slicer.vtkSlicerSequencesLogic | None:
    """The logic of Slicer's module Sequences, where it is loaded."""
    module = getattr(slicer.modules, "sequences", None)
    return module.logic() if module is not None else None


def parent_transform(frames: slicer.vtkMRMLSequenceNode | None) -> str | None:
    """ID of the transform above the volume in which a sequence is played, if there is one."""
    if frames is None:
        return None
    browsers = slicer.mrmlScene.GetNodesByClass("vtkMRMLSequenceBrowserNode")
    browsers.UnRegister(None)
    for number in range(browsers.GetNumberOfItems()):
        proxy = browsers.GetItemAsObject(number).GetProxyNode(frames)
        if proxy is not None:
            return proxy.GetTransformNodeID()
    return None
