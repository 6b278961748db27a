"""Names, units, legends and windows are those of what is shown; what the user set stays."""

from __future__ import annotations

import types

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import display, record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.sample import tiny_pair
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.units import units_of
from slicer_cases import points_of, volume
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


def database(monkeypatch, **tags: str) -> None:
    """A DICOM database that knows one instance."""
    names = {"units": "0054,1001", "kind": "0054,1006"}
    known = {names[name]: value for name, value in tags.items()}
    answers = types.SimpleNamespace(
        instanceValue=lambda uid, tag: known.get(tag, "") if uid == "1.2.3" else "", fileForInstance=lambda uid: ""
    )
    monkeypatch.setattr(slicer, "dicomDatabase", answers, raising=False)


def second_pet(widget, name: str = "amyloid PET"):
    pet = widget._parameterNode.petVolume
    values = arrayFromVolume(pet)
    return volume(name, (values.max() - values).astype(np.float32), points_of(pet))


def test_a_second_pet_gets_nodes_and_names_of_its_own(fused):
    p = fused._parameterNode
    first, uptake = p.fusedVolume, p.fusedVolume.GetNodeReference(record.UPTAKE)
    before = arrayFromVolume(uptake).copy()
    fused.ui.petSelector.setCurrentNode(second_pet(fused))
    assert "FDG PET, not amyloid PET" in fused.ui.staleLabel.text
    apply(fused)
    assert p.fusedVolume is not first
    assert p.fusedVolume.GetName() == "head MRI fused with amyloid PET"
    for role in (record.UPTAKE, record.LUMINANCE):
        assert "amyloid PET" in p.fusedVolume.GetNodeReference(role).GetName()
    assert uptake.GetName() == "FDG PET on head MRI"
    assert np.array_equal(arrayFromVolume(uptake), before)
    assert not fused.ui.staleLabel.text
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(p.fusedVolume.GetNodeReference(record.UPTAKE))
    assert "amyloid" in legend.GetTitleText()


def test_a_node_given_by_a_script_never_mixes_two_pets(scene):
    mr, pet = tiny_pair()
    logic = PETMRFusionLogic(AverageRuntime())
    nodes = logic.fuse(mr, pet)
    other = volume("second", arrayFromVolume(pet) * 2, points_of(pet))
    again = logic.fuse(mr, other, nodes.fused)
    assert again.fused is nodes.fused
    assert again.fused.GetName() == f"{mr.GetName()} fused with second"
    assert again.uptake is not nodes.uptake
    assert again.uptake.GetName() == f"second on {mr.GetName()}"
    again.fused.SetName("mine")
    assert logic.fuse(mr, pet, again.fused).fused.GetName() == "mine"  # the user's name stays


def test_a_renamed_pet_gives_renamed_results(fused):
    p = fused._parameterNode
    p.petVolume.SetName("amyloid PET")
    before = p.fusedVolume
    apply(fused)
    assert p.fusedVolume is before
    assert before.GetName() == "head MRI fused with amyloid PET"
    assert before.GetNodeReference(record.UPTAKE).GetName() == "amyloid PET on head MRI"


@pytest.mark.parametrize(
    ("tags", "units"),
    [
        ({"units": "BQML"}, "Bq/ml"),
        ({"units": "GML"}, "SUVbw"),
        ({"units": "GML", "kind": "LBM"}, "SUVlbm"),
        ({"units": "CNTS"}, "counts"),
        ({}, "relative"),
    ],
)
def test_units_come_from_the_dicom_database(scene, monkeypatch, tags, units):
    mr, pet = tiny_pair()
    database(monkeypatch, **tags)
    assert units_of(pet) == "relative"
    pet.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    assert units_of(pet) == units
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet)
    assert record.read_record(nodes.fused).units == units
    if units in ("Bq/ml", "SUVbw", "SUVlbm"):
        monkeypatch.setattr(slicer, "dicomDatabase", None)
        assert units_of(nodes.uptake) == units  # the resampled values carry them without the database


@pytest.mark.parametrize(("code", "units"), [("{SUVbw}g/ml", "SUVbw"), ("{SUVlbm}g/ml", "SUVlbm"), ("Bq/ml", "Bq/ml")])
def test_units_of_a_real_world_map_come_first(scene, monkeypatch, code, units):
    _, pet = tiny_pair()
    database(monkeypatch, units="CNTS")
    pet.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code, "UCUM", "as the PETDICOM extension writes it")
    pet.SetVoxelValueUnits(entry)
    assert units_of(pet) == units


def test_a_window_in_suv_is_not_used_for_becquerels(loaded, monkeypatch):
    ui, p = loaded.ui, loaded._parameterNode
    database(monkeypatch, units="BQML")
    ui.suvButton.click()
    assert not p.robustWindow
    other = second_pet(loaded)
    other.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    ui.petSelector.setCurrentNode(other)
    assert p.robustWindow
    assert "Bq/ml" in ui.noticeLabel.text
    assert not ui.suvButton.enabled
    assert "Bq/ml, not in SUV" in ui.suvButton.toolTip


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


def test_the_preview_gives_the_foreground_back(loaded):
    p = loaded._parameterNode
    display.show_side_by_side(p.mrVolume, p.petVolume, None)
    composite = slicer.app.layouts.view("FusionColor").GetSliceCompositeNode()
    composite.SetBackgroundVolumeID(p.mrVolume.GetID())
    slicer.app.layouts.view("FusionColor").FitSliceToBackground()
    composite.SetForegroundVolumeID(p.petVolume.GetID())
    composite.SetForegroundOpacity(0.4)
    loaded.ui.previewCheckBox.checked = True
    spin(lambda: composite.GetForegroundVolumeID() not in (None, p.petVolume.GetID()))
    loaded.ui.previewCheckBox.checked = False
    assert composite.GetForegroundVolumeID() == p.petVolume.GetID()
    assert composite.GetForegroundOpacity() == pytest.approx(0.4)


def test_results_lie_beside_the_mri_in_the_subject_hierarchy(scene):
    mr, pet = tiny_pair()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "study")
    hierarchy.CreateItem(study, mr)
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet, settings=FusionSettings(window=(0, 8)))
    for node in (nodes.fused, nodes.uptake, nodes.luminance):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
