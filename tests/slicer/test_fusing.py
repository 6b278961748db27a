"""Nodes and names of what is fused: each PET has its own, beside the MRI."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.sample import tiny_pair
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import points_of, volume
from slicer_widget_cases import finish


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


def test_results_lie_beside_the_mri_in_the_subject_hierarchy(scene):
    mr, pet = tiny_pair()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "study")
    hierarchy.CreateItem(study, mr)
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet, settings=FusionSettings(window=(0, 8)))
    for node in (nodes.fused, nodes.uptake, nodes.luminance):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
