"""A control that is off says why beside it."""

from __future__ import annotations

from PETMRFusionLib.widget_reasons import LABELS
from slicer_cases import head_nodes


def test_a_control_that_is_off_says_why_beside_it(loaded):
    ui = loaded.ui
    ui.petSelector.setCurrentNode(loaded._parameterNode.mrVolume)
    reported = {name: getattr(ui, name).text for name in LABELS}
    assert reported["reasonLabel"] == "MRI and PET/SPECT are the same volume: choose two"
    assert all(reported.values())
    for name, label in (
        ("applyButton", "reasonLabel"),
        ("checkButton", "alignmentReasonLabel"),
        ("sequenceButton", "sequenceReasonLabel"),
        ("windowLowSpinBox", "windowReasonLabel"),
        ("dicomButton", "outputsReasonLabel"),
    ):
        assert not getattr(ui, name).enabled
        apart = getattr(ui, label).mapToGlobal(getattr(ui, label).rect.topLeft()).y()
        apart -= getattr(ui, name).mapToGlobal(getattr(ui, name).rect.bottomLeft()).y()
        assert getattr(ui, label).visible
        assert 0 <= apart < 110, name  # pixels below
    mr, pet = head_nodes(6.0)
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    assert not ui.reasonLabel.visible  # no room for what is not said
