"""Choices have names in the panel, and their order stays."""

from __future__ import annotations

from PETMRFusionLib.labels import translate_choices


class Combo:
    """A list as Qt has it."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    @property
    def count(self) -> int:
        return len(self.texts)

    def itemText(self, number: int) -> str:
        return self.texts[number]

    def setItemText(self, number: int, text: str) -> None:
        self.texts[number] = text


class Panel:
    planeComboBox = Combo("auto", "axial")
    engineComboBox = Combo("auto", "onnx")
    deviceComboBox = Combo("cpu", "cuda")
    anatomyWindowComboBox = Combo("soft-tissue")


def test_known_choices_are_named_and_others_stay():
    panel = Panel()
    translate_choices(panel)
    assert panel.planeComboBox.texts == ["automatic", "axial"]
    assert panel.engineComboBox.texts == ["automatic", "onnx"]
    assert panel.deviceComboBox.texts == ["processor (cpu)", "NVIDIA GPU (cuda)"]
    assert panel.anatomyWindowComboBox.texts == ["soft tissue"]
