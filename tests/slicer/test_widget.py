"""The controls of the panel: what they offer, when they are enabled, and how they follow the parameters."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from slicer_cases import head_nodes, volume


def test_every_class_of_the_ui_file_is_known(widget):
    from qt_bridge import UiLoader

    assert set(UiLoader.unknown) <= {"Line"}


def test_apply_waits_for_two_different_volumes(widget):
    ui, mr_pet = widget.ui, head_nodes(6.0)
    ui.mrSelector.setCurrentNode(mr_pet[0])
    ui.petSelector.setCurrentNode(None)
    assert not ui.applyButton.enabled
    assert "Select the PET/SPECT" in ui.applyButton.toolTip
    ui.mrSelector.setCurrentNode(mr_pet[0])
    ui.petSelector.setCurrentNode(mr_pet[0])
    assert "the same volume" in ui.applyButton.toolTip
    ui.petSelector.setCurrentNode(mr_pet[1])
    assert ui.applyButton.enabled
    for name in ("showButton", "qualityButton", "saveButton", "dicomButton", "sequenceButton"):
        assert not getattr(ui, name).enabled, name


def test_color_volumes_are_not_offered_as_inputs(widget):
    volume("colors", np.zeros((2, 2, 2, 3), np.uint8), np.eye(4), "vtkMRMLVectorVolumeNode")
    volume("labels", np.zeros((2, 2, 2), np.uint8), np.eye(4), "vtkMRMLLabelMapVolumeNode")
    for selector in (widget.ui.mrSelector, widget.ui.petSelector):
        offered = {selector.itemText(n) for n in range(selector.count)}
        assert not offered & {"colors", "labels"}


def test_every_bound_control_reaches_the_parameter_node_and_back(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    checks = [
        ("strengthSlider", "value", 0.35, "strength", 0.35),
        ("robustCheckBox", "checked", False, "robustWindow", False),
        ("windowLowSpinBox", "value", 0.5, "windowLow", 0.5),
        ("windowHighSpinBox", "value", 7.5, "windowHigh", 7.5),
        ("colormapComboBox", "currentIndex", 5, "colormap", "hot-metal"),
        ("paletteComboBox", "currentIndex", 2, "palette", "PET-Heat"),
        ("planeComboBox", "currentIndex", 3, "plane", "sagittal"),
        ("engineComboBox", "currentIndex", 3, "engine", "torch"),
        ("deviceComboBox", "currentIndex", 2, "device", "cuda"),
        ("modelEdit", "text", "/x/model.pt", "modelPath", "/x/model.pt"),
    ]
    for control, attribute, value, field, wanted in checks:
        setattr(getattr(ui, control), attribute, value)
        assert getattr(p, field) == wanted, control
    p.strength, p.colormap, p.modelPath, p.robustWindow = 0.8, "ember", "", True
    assert ui.strengthSlider.value == pytest.approx(0.8)
    assert ui.colormapComboBox.currentText == "ember"
    assert ui.modelEdit.text == ""
    assert ui.robustCheckBox.checked
    p.registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    assert ui.registrationSelector.currentNode() is p.registration
    assert {p.mrVolume.GetName(), p.petVolume.GetName()} == {"head MRI", "head PET"}
    bound = {w.property("SlicerParameterName") for w in vars(ui).values()} - {None}
    assert bound == set(p.allParameters) - {"modelSha256", "windowUnits"}


def test_the_window_can_be_typed_only_where_it_is_not_robust(loaded):
    ui = loaded.ui
    assert not ui.windowHighSpinBox.enabled
    ui.suvButton.click()
    assert (loaded._parameterNode.windowLow, loaded._parameterNode.windowHigh) == (0, 6)
    assert not ui.robustCheckBox.checked
    assert ui.windowHighSpinBox.enabled
    ui.windowLowSpinBox.value = 9.0
    assert not ui.applyButton.enabled
    assert "lower value" in ui.applyButton.toolTip


def test_settings_are_found_again_by_a_new_widget(loaded):
    import PETMRFusion

    loaded.ui.strengthSlider.value = 0.4
    loaded.ui.colormapComboBox.currentIndex = 1
    other = PETMRFusion.PETMRFusionWidget()
    other.setup()
    assert other.ui.strengthSlider.value == pytest.approx(0.4)
    assert other.ui.colormapComboBox.currentText == "ember"
    assert other.ui.mrSelector.currentNode() is loaded.ui.mrSelector.currentNode()
    other.cleanup()
    other.uiWidget.setMRMLScene(None)
