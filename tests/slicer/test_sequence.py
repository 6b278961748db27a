"""A dynamic PET has what a static one has: colors, legend, strength, outputs; and nothing is left in the scene."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from slicer_cases import head_nodes
from slicer_widget_cases import finish, spin


def dynamic(pet, factors=(0.5, 1.0)):
    """A sequence of frames of rising uptake."""
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    base = arrayFromVolume(pet).copy()
    for number, factor in enumerate(factors):
        arrayFromVolume(pet)[:] = factor * base
        frames.SetDataNodeAtValue(pet, str(number))
    arrayFromVolume(pet)[:] = base
    return frames


@pytest.fixture
def fused(loaded):
    """The panel after all frames were fused."""
    p = loaded._parameterNode
    loaded.logic = PETMRFusionLogic(AverageRuntime())
    p.petSequence = dynamic(p.petVolume)
    return fuse(loaded)


def fuse(panel):
    panel._checked = panel.alignmentKey(dynamic=True)
    panel.ui.sequenceButton.click()
    finish(panel)
    assert panel._parameterNode.fusedVolume is not None
    return panel


def browser():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")


def play(number: int) -> None:
    browser().SetSelectedItemNumber(number)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser())


def test_colors_legend_and_outputs_are_those_of_a_static_fusion(fused):
    ui, p = fused.ui, fused._parameterNode
    uptake = p.fusedVolume.GetNodeReference(record.UPTAKE)
    assert uptake.GetDisplayNode().GetColorNodeID().endswith("PET-DICOM")
    assert slicer.modules.colors.logic().GetColorLegendDisplayNode(uptake).GetVisibility()
    assert uptake.GetDisplayNode().GetWindowLevelMax() == pytest.approx(record.read_record(p.fusedVolume).window[1])
    for name in ("showButton", "saveButton", "qualityButton"):
        assert getattr(ui, name).enabled, name
    assert ui.staleLabel.text == ""
    assert slicer.app.layouts.view("FusionColor").GetSliceCompositeNode().GetBackgroundVolumeID() == (
        p.fusedVolume.GetID()
    )


def test_the_strength_colors_all_frames(fused):
    ui, p = fused.ui, fused._parameterNode
    ui.strengthSlider.value = 0.0
    spin(lambda: fused._coloring is None and p.fusedVolume.GetAttribute(record.STRENGTH) == "0", 10)
    for number in (0, 1):
        play(number)
        colors = arrayFromVolume(p.fusedVolume)
        assert (colors == colors[..., :1]).all(), number  # gray: the MRI alone
    ui.strengthSlider.value = 1.0
    spin(lambda: fused._coloring is None and p.fusedVolume.GetAttribute(record.STRENGTH) == "1", 10)
    seen = []
    for number in (0, 1):
        play(number)
        colors = arrayFromVolume(p.fusedVolume).astype(int)
        seen.append((colors.max(axis=-1) - colors.min(axis=-1)).mean())
    assert 0 < seen[0] < seen[1]


def test_fused_again_the_same_nodes_are_filled(fused):
    scene, p = slicer.mrmlScene, fused._parameterNode
    kinds = ("Volume", "VolumeDisplay", "Sequence", "SequenceBrowser", "Text", "ColorLegendDisplay")

    def nodes():
        return {kind: scene.GetNumberOfNodesByClass(f"vtkMRML{kind}Node") for kind in kinds}

    before, counted = p.fusedVolume, nodes()
    assert counted["Sequence"] == 4  # the frames, and what was made of them
    fuse(fused)
    assert p.fusedVolume is before
    assert nodes() == counted


def test_frames_that_are_played_already_keep_their_browser(scene):
    """One browser, one time line: the fused frames play with those that the user looks at."""
    mr, pet = head_nodes(6.0)
    frames = dynamic(pet)
    own = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "mine")
    own.SetAndObserveMasterSequenceNodeID(frames.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(own)
    made = PETMRFusionLogic(AverageRuntime()).startFuseSequence(mr, frames).wait()
    assert made.browser is own
    assert scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode") == 1
    proxy = own.GetProxyNode(made.fused)
    assert proxy.GetNodeReference(record.PET) is own.GetProxyNode(frames)


def test_no_display_is_left_without_a_volume(fused):
    scene = slicer.mrmlScene
    shown = set()
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLDisplayableNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLDisplayableNode")
        shown |= {node.GetNthDisplayNodeID(k) for k in range(node.GetNumberOfDisplayNodes())}
    displays = [
        scene.GetNthNodeByClass(n, "vtkMRMLScalarVolumeDisplayNode").GetID()
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeDisplayNode"))
    ]
    assert set(displays) <= shown
    assert np.isfinite(arrayFromVolume(fused._parameterNode.mrVolume)).all()
