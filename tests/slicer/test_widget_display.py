"""What the user set on screen stays, and a picture that differs from the settings is said to."""

from __future__ import annotations

import pytest
import slicer

from PETMRFusionLib import display, record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from slicer_cases import points_of
from slicer_widget_cases import finish, spin


@pytest.fixture
def fused(loaded):
    """The widget after Apply, with a worker that averages."""
    loaded.logic = PETMRFusionLogic(AverageRuntime())
    loaded._parameterNode.petVolume.SetName("FDG PET")
    return apply(loaded)


def apply(widget):
    widget._checked = widget.alignmentKey()
    widget.ui.applyButton.click()
    finish(widget)
    assert widget._parameterNode.fusedVolume is not None
    return widget


def test_apply_again_is_said_where_the_picture_differs_from_the_settings(fused):
    ui, p = fused.ui, fused._parameterNode
    assert ui.staleLabel.text == ""
    changes = [("robustWindow", False, "window"), ("colormap", "ember", "colors"), ("plane", "sagittal", "plane")]
    for name, value, word in changes:
        before = getattr(p, name)
        setattr(p, name, value)
        assert word in ui.staleLabel.text
        assert "apply again" in ui.staleLabel.text
        setattr(p, name, before)
        assert ui.staleLabel.text == "", name
    p.strength = 0.5  # live: the picture follows
    assert ui.staleLabel.text == ""
    p.petVolume.SetIJKToRASMatrix(moved_matrix(p.petVolume))
    assert "volumes or their place" in ui.staleLabel.text


def moved_matrix(node):
    from PETMRFusionLib.geometry import to_vtk

    matrix = points_of(node)
    matrix[2, 3] += 3
    return to_vtk(matrix)


def test_window_color_and_hidden_legend_of_the_user_survive_slider_and_settings(fused):
    ui, p = fused.ui, fused._parameterNode
    uptake = p.fusedVolume.GetNodeReference(record.UPTAKE)
    shown = uptake.GetDisplayNode()
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(uptake)
    shown.SetWindowLevelMinMax(1.5, 2.5)
    shown.SetAndObserveColorNodeID(display.PALETTES["Iron"])
    legend.SetVisibility(False)
    ui.strengthSlider.value = 0.3
    spin(lambda: p.fusedVolume.GetAttribute(record.STRENGTH) == "0.3", 5)
    p.plane = "coronal"
    assert (shown.GetWindowLevelMin(), shown.GetWindowLevelMax()) == (1.5, 2.5)
    assert shown.GetColorNodeID() == display.PALETTES["Iron"]
    assert not legend.GetVisibility()
    p.palette = "PET-Heat"  # asked for here: done, and nothing else with it
    assert shown.GetColorNodeID().endswith("PET-Heat")
    assert shown.GetWindowLevelMax() == 2.5


def test_zoom_and_foreground_survive_a_second_apply(fused):
    p = fused._parameterNode
    view = slicer.app.layouts.view("FusionMRI")
    view.GetSliceCompositeNode().SetForegroundVolumeID(p.petVolume.GetID())
    view.GetSliceNode().SetFieldOfView(33, 33, 1)
    apply(fused)
    assert view.GetSliceCompositeNode().GetForegroundVolumeID() == p.petVolume.GetID()
    assert view.GetSliceNode().GetFieldOfView()[0] == pytest.approx(33)
