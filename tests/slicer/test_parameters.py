"""The parameter node as Slicer's own wrapper behaves: the stand-in is held to it, and the panel lives with it.

What is documented (developer guide, "Parameter nodes"; Base/Python/slicer/parameterNodeWrapper) is in the first two
tests; the others go through the life of the panel with it.
"""

from __future__ import annotations

import pytest
import slicer
import vtk

from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.parameters import PETMRFusionParameterNode
from PETMRFusionLib.selftest import AverageRuntime
from slicer_widget_cases import finish, spin


def wrapper():
    return PETMRFusionParameterNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


def test_defaults_bounds_and_names(scene):
    p = wrapper()
    assert (p.strength, p.robustWindow, p.colormap, p.mrVolume) == (1.0, True, "uptake", None)
    for name, wrong in (("strength", 1.5), ("colormap", "violet")):
        before = p.getValue(name)
        with pytest.raises(ValueError, match=str(wrong)):
            p.setValue(name, wrong)
        assert p.getValue(name) == before
    with pytest.raises(ValueError, match="Cannot find"):
        p.setValue("strenght", 1.0)
    with pytest.raises(TypeError):
        p.robustWindow = "yes"
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "mr")
    p.mrVolume = node
    assert PETMRFusionParameterNode(p.parameterNode).mrVolume is node  # kept in the node, not in the wrapper
    scene.RemoveNode(node)
    assert p.mrVolume is None


def test_binding_and_letting_go(widget):
    """``connectGui`` gives no tag, so what it binds stays bound; ``connectParametersToGui`` gives one, from 0."""
    p, ui = wrapper(), widget.ui
    widget.exit()
    assert p.connectGui(ui) is None
    p.disconnectGui(None)
    ui.strengthSlider.value = 0.25
    assert p.strength == 0.25  # still bound
    other = wrapper()
    tag = other.connectParametersToGui({"strength": ui.strengthSlider})
    assert tag == 0
    assert ui.strengthSlider.value == 1.0  # the value of the node comes first
    other.disconnectGui(tag)
    ui.strengthSlider.value = 0.5
    assert other.strength == 1.0
    changes = []
    other.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *ignored: changes.append(1))
    other.strength = 0.75
    assert changes


def test_leaving_and_coming_back_binds_once(loaded):
    """Each time the panel is entered it binds again: what it bound before must be let go, or values echo."""
    p, ui = loaded._parameterNode, loaded.ui
    for _ in range(3):
        loaded.exit()
        loaded.enter()
    p = loaded._parameterNode
    calls = []
    real = loaded.onParametersChanged
    p.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *ignored: calls.append(1))
    ui.strengthSlider.value = 0.4
    assert p.strength == 0.4
    assert len(calls) == 1
    loaded.exit()
    ui.strengthSlider.value = 0.9
    assert p.strength == 0.4  # let go
    loaded.enter()
    assert ui.strengthSlider.value == 0.4
    assert real


def test_bind_fuse_preview_re_enter_close(loaded):
    ui = loaded.ui
    loaded.logic = PETMRFusionLogic(AverageRuntime())
    loaded._checked = loaded.alignmentKey()
    ui.applyButton.click()
    finish(loaded)
    fused = loaded._parameterNode.fusedVolume
    assert fused is not None
    ui.previewCheckBox.checked = True
    spin(lambda: loaded._previewing is not None, 5)
    loaded.exit()
    loaded.enter()
    assert loaded._parameterNode.fusedVolume is fused
    assert ui.fusedSelector.currentNode() is fused
    slicer.mrmlScene.Clear(0)
    assert loaded._parameterNode is not None  # a fresh one of the empty scene
    assert loaded._parameterNode.fusedVolume is None
    assert loaded._parameterNode.strength == 1.0
    assert not ui.previewCheckBox.checked
    assert not ui.applyButton.enabled
