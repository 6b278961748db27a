"""Dynamic PET: a sequence of frames becomes a sequence of fused volumes with one window for all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import record as rec
from PETMRFusionLib.blend import DIVERGING, blending
from PETMRFusionLib.fusing import Images, keep_no_data, making_images, read_record
from PETMRFusionLib.geometry import Resampled, array_of
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.recolor import coloring
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slabs import Work
from PETMRFusionLib.units import state_units, units_of
from PETMRFusionLib.volumes import INSTANCES, check_scalar, set_image, show_colors_unchanged


@dataclass(frozen=True)
class FusedSequence:
    """Sequences with one item for each frame, played together with the frames they were made of.

    Attributes:
        fused: fused colors.
        uptake: functional values on the grid of the MRI.
        luminance: fused luminance at full strength, for coloring anew.
        browser: plays all of them.
    """

    fused: slicer.vtkMRMLSequenceNode
    uptake: slicer.vtkMRMLSequenceNode
    luminance: slicer.vtkMRMLSequenceNode
    browser: slicer.vtkMRMLSequenceBrowserNode


def check_frames(frames: slicer.vtkMRMLSequenceNode | None) -> None:
    """Refuse what is no sequence of scalar volumes.

    Raises:
        ValueError: in words for the user.
    """
    if frames is None or frames.GetNumberOfDataNodes() == 0:
        raise ValueError(_("The sequence has no frames: choose a dynamic PET"))
    for number in range(frames.GetNumberOfDataNodes()):
        data = frames.GetNthDataNode(number)
        if not data.IsA("vtkMRMLVolumeNode"):
            msg = _("'{name}' is a sequence of {kind}: choose a sequence of volumes")
            raise ValueError(msg.format(name=frames.GetName(), kind=data.GetClassName()))
        check_scalar(data, "PET/SPECT")


@contextlib.contextmanager
def frames_in_scene(frames: slicer.vtkMRMLSequenceNode) -> Iterator[list[slicer.vtkMRMLScalarVolumeNode]]:
    """The frames as nodes of the scene for a while, under the transform of the volume in which they are played."""
    parent = parent_transform(frames)
    nodes: list[slicer.vtkMRMLScalarVolumeNode] = []
    try:
        for number in range(frames.GetNumberOfDataNodes()):
            data = frames.GetNthDataNode(number)
            node = slicer.vtkMRMLScalarVolumeNode()
            node.SetHideFromEditors(True)
            node.SetSaveWithScene(False)
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


def building(
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: slicer.vtkMRMLSequenceNode,
    results: JobFolder,
    uptakes: list[Resampled],
    settings: FusionSettings,
    registration: slicer.vtkMRMLLinearTransformNode | None = None,
) -> Work[FusedSequence]:
    """Sequences of the results, and a browser that plays them with the frames, in pieces.

    Fused again, the same sequences are filled again.
    """
    units = units_of(frames.GetNthDataNode(0))
    made: list[Images] = []
    for number, uptake in enumerate(uptakes):
        record = read_record(results, number, units, settings)
        made.append((yield from making_images(mr, results, number, uptake, record, settings)))
    targets = _targets(mr, frames)
    for number, images in enumerate(made):
        index = frames.GetNthIndexValue(number)
        for target, image in zip(targets, (images.fused, images.uptake, images.luminance), strict=True):
            kind = "vtkMRMLVectorVolumeNode" if image is images.fused else "vtkMRMLScalarVolumeNode"
            # Outside the scene: whatever is added to it for a moment leaves its display behind.
            node = getattr(slicer, kind)()
            set_image(node, image, mr)
            if image is images.uptake:
                state_units(frames.GetNthDataNode(number), node)
            if image is images.fused:  # playing replaces the attributes of the volume by those of the frame
                rec.state_look(node, settings.strength, settings.lightness, settings.threshold)
                node.SetAttribute(rec.REGISTRATION, registration.GetName() if registration is not None else None)
            target.SetDataNodeAtValue(node, index)
            yield
    browser = _browser(frames, targets)
    _dress(browser, targets, mr, frames, read_record(results, 0, units, settings), settings, made[0])
    proxy = browser.GetProxyNode(targets[0])
    if proxy is not None:
        proxy.SetNodeReferenceID(rec.MOVED, registration.GetID() if registration is not None else None)
    return FusedSequence(*targets, browser)


def _targets(
    mr: slicer.vtkMRMLScalarVolumeNode, frames: slicer.vtkMRMLSequenceNode
) -> list[slicer.vtkMRMLSequenceNode]:
    """Empty sequences for fused colors, uptake and luminance: those of an earlier fusion of the same two, or new."""
    names = {
        rec.TEXT: _("{name} fused").format(name=frames.GetName()),
        rec.UPTAKE: _("{pet} on {mr}").format(pet=frames.GetName(), mr=mr.GetName()),
        rec.LUMINANCE: _("{name} fused luminance").format(name=frames.GetName()),
    }
    made = []
    for role, name in names.items():
        node = next((node for node in _sequences() if _is_of(node, role, mr, frames)), None)
        if node is None:
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
            node.SetAttribute(rec.NAME, role)
            node.SetNodeReferenceID(rec.MR, mr.GetID())
            node.SetNodeReferenceID(rec.PET, frames.GetID())
        node.RemoveAllDataNodes()
        node.SetIndexName(frames.GetIndexName())
        node.SetIndexUnit(frames.GetIndexUnit())
        node.SetIndexType(frames.GetIndexType())
        made.append(node)
    return made


def _is_of(
    node: slicer.vtkMRMLSequenceNode,
    role: str,
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: slicer.vtkMRMLSequenceNode,
) -> bool:
    sources = (node.GetNodeReference(rec.MR), node.GetNodeReference(rec.PET))
    return node.GetAttribute(rec.NAME) == role and sources == (mr, frames)


def _browser(
    frames: slicer.vtkMRMLSequenceNode, targets: list[slicer.vtkMRMLSequenceNode]
) -> slicer.vtkMRMLSequenceBrowserNode:
    """The browser in which the frames are played already, else a new one; it plays the results in step."""
    browser = next((browser for browser in _browsers() if browser.IsSynchronizedSequenceNode(frames, True)), None)
    if browser is None:
        browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{frames.GetName()} browser")
        browser.SetAndObserveMasterSequenceNodeID(frames.GetID())
    for target in targets:
        if not browser.IsSynchronizedSequenceNode(target, True):
            browser.AddSynchronizedSequenceNode(target)
    logic = sequences_logic()
    if logic is not None:
        logic.UpdateProxyNodesFromSequences(browser)
    return browser


def _dress(
    browser: slicer.vtkMRMLSequenceBrowserNode,
    targets: list[slicer.vtkMRMLSequenceNode],
    mr: slicer.vtkMRMLScalarVolumeNode,
    frames: slicer.vtkMRMLSequenceNode,
    record: rec.Record,
    settings: FusionSettings,
    first: Images,
) -> None:
    """Let the volumes in which results are played know their facts, as those of a static fusion do."""
    fused, uptake, luminance = (browser.GetProxyNode(target) for target in targets)
    if fused is None:
        return
    for node in (fused, uptake, luminance):
        node.SetAndObserveTransformNodeID(mr.GetTransformNodeID())
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
            node.GetDisplayNode().SetAutoWindowLevel(False)
            node.GetDisplayNode().SetWindowLevelMinMax(*(record.window if node is uptake else (0, 1)))
    show_colors_unchanged(fused)
    pet = browser.GetProxyNode(frames)
    references = {rec.MR: mr, rec.PET: pet, rec.UPTAKE: uptake, rec.LUMINANCE: luminance}
    for role, node in references.items():
        fused.SetNodeReferenceID(role, node.GetID() if node is not None else None)
    keep_no_data(fused, first.no_data, mr)
    rec.state_look(fused, settings.strength, settings.lightness, settings.threshold)
    rec.write_record(fused, record)


def recoloring_others(
    fused: slicer.vtkMRMLVectorVolumeNode, strength: float, lightness: float, threshold: float | None
) -> Work[None]:
    """Color all frames of a dynamic fusion as the one on screen; nothing for a static one."""
    browser = next((browser for browser in _browsers() if browser.GetSequenceNode(fused) is not None), None)
    if browser is None:
        return
    proxies = [fused, *(fused.GetNodeReference(role) for role in (rec.LUMINANCE, rec.UPTAKE))]
    colors, luminance, uptake = (browser.GetSequenceNode(proxy) if proxy is not None else None for proxy in proxies)
    mr, record = fused.GetNodeReference(rec.MR), rec.read_record(fused)
    if None in (colors, luminance, uptake, mr, record):
        return
    mask = fused.GetNodeReference(rec.NO_DATA)
    for number in range(colors.GetNumberOfDataNodes()):
        index = colors.GetNthIndexValue(number)
        target, light, hot = (sequence.GetDataNodeAtValue(index) for sequence in (colors, luminance, uptake))
        if target is None or light is None or hot is None:
            continue
        blend = yield from blending(
            array_of(mr),
            array_of(light),
            array_of(hot),
            record.table,
            anatomy_window=record.anatomy_window,
            window=record.window,
            signed=record.colormap == DIVERGING,
            threshold=threshold,
            no_data=array_of(mask) if mask is not None else None,
        )
        yield from coloring(target, blend, strength, lightness)
        rec.state_look(target, strength, lightness, threshold)


def frames_of(fused: slicer.vtkMRMLVectorVolumeNode | None) -> slicer.vtkMRMLSequenceNode | None:
    """The dynamic PET whose fused frames are played in a volume; ``None`` for a static fusion."""
    browser = next((browser for browser in _browsers() if fused and browser.GetSequenceNode(fused) is not None), None)
    return browser.GetSequenceNode(fused).GetNodeReference(rec.PET) if browser is not None else None


def sequences_logic() -> slicer.vtkSlicerSequencesLogic | None:
    """The logic of Slicer's module Sequences, where it is loaded."""
    module = getattr(slicer.modules, "sequences", None)
    return module.logic() if module is not None else None


def parent_transform(frames: slicer.vtkMRMLSequenceNode | None) -> str | None:
    """ID of the transform above the volume in which a sequence is played, if there is one."""
    if frames is None:
        return None
    for browser in _browsers():
        proxy = browser.GetProxyNode(frames)
        if proxy is not None:
            return proxy.GetTransformNodeID()
    return None


def _browsers() -> list[Any]:
    return _nodes("vtkMRMLSequenceBrowserNode")


def _sequences() -> list[Any]:
    return _nodes("vtkMRMLSequenceNode")


def _nodes(kind: str) -> list[Any]:
    found = slicer.mrmlScene.GetNodesByClass(kind)
    found.UnRegister(None)
    return [found.GetItemAsObject(number) for number in range(found.GetNumberOfItems())]
