"""What choices are called in the panel; settings keep their own names, whatever the language."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _


def translate_choices(ui: Any) -> None:
    """Name the entries of the lists; their order is that of the choices, which are bound by it."""
    names = {
        "auto": _("automatic"),
        "axial": _("axial"),
        "coronal": _("coronal"),
        "sagittal": _("sagittal"),
        "brain": _("brain"),
        "soft-tissue": _("soft tissue"),
        "lung": _("lung"),
        "bone": _("bone"),
        "liver": _("liver"),
        "cpu": _("processor (cpu)"),
        "cuda": _("NVIDIA GPU (cuda)"),
        "mps": _("Apple GPU (mps)"),
    }
    for combo in (ui.planeComboBox, ui.engineComboBox, ui.deviceComboBox, ui.anatomyWindowComboBox):
        for number in range(combo.count):
            known = names.get(combo.itemText(number))
            if known:
                combo.setItemText(number, known)
