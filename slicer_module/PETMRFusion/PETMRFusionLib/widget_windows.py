"""The part of the widget about the window of the PET: presets, and numbers in the units of what is shown."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from PETMRFusionLib import display
from PETMRFusionLib.output import dicom_files_of
from PETMRFusionLib.slots import slot
from PETMRFusionLib.units import RELATIVE, is_suv, units_of

#: Windows of the list beside the SUV button, in its order: what they are of, and their ends.
PRESETS = (("suv", 0.0, 10.0), ("suv", 0.0, 15.0), ("suvr", 0.0, 2.5), ("percent", 0.0, 70.0))

#: Units in which ratios may be.
RATIOS = (RELATIVE, "counts", "counts/s", "SUVR")


class WindowControl:
    """Whatever is chosen becomes numbers that stand in the panel, in the units of the volume."""

    def connectWindows(self) -> None:
        self.ui.suvButton.connect("clicked(bool)", self.onSuv)
        self.ui.presetComboBox.connect("activated(int)", self.onPreset)

    @slot
    def onSuv(self, clicked: bool = False) -> None:
        """The window that readers of FDG PET are used to."""
        self.useWindow("suv", *display.SUV_WINDOW)

    @slot
    def onPreset(self, number: int) -> None:
        """One of the list; its first line is none."""
        self.ui.presetComboBox.currentIndex = 0
        if 1 <= number <= len(PRESETS):
            self.useWindow(*PRESETS[number - 1])

    def useWindow(self, kind: str, low: float, high: float) -> None:
        """Set the window of a preset, in the units of the PET."""
        p = self._parameterNode
        pet = p.petVolume
        reason = self.whyNot(kind)
        if reason:
            self.ui.windowReasonLabel.text = reason
            return
        if kind == "percent":
            top = float(pet.GetImageData().GetScalarRange()[1])
            self.setWindow(low * top / 100, high * top / 100)
        elif kind == "suv" and pet is not None and units_of(pet) == "Bq/ml":
            self.start(
                lambda: self.logic.startSuvScale(pet, python=self.python()),
                lambda facts: self.onScale(facts, pet, low, high),
            )
        else:
            self.setWindow(low, high)

    def onScale(self, facts: dict[str, Any], pet: Any, low: float, high: float) -> None:
        """The SUV of 1 is known in Bq/ml: set the window in the units of the volume; not of one chosen meanwhile."""
        if self._parameterNode.petVolume is not pet:
            return
        self.setWindow(low / facts["factor"], high / facts["factor"])
        text = _("SUV {low:g} to {high:g} of {name}: {per:.5g} Bq/ml are SUVbw 1 ({rule}).").format(
            low=low,
            high=high,
            name=pet.GetName(),
            per=1 / facts["factor"],
            rule=facts["rule"],
        )
        self.ui.noticeLabel.text = " ".join([text, *facts["warnings"]])

    def setWindow(self, low: float, high: float) -> None:
        p = self._parameterNode
        p.windowLow, p.windowHigh = low, high
        p.robustWindow = False

    def whyNot(self, kind: str) -> str:
        """Why a preset does not fit the PET; empty where it does."""
        pet = self._parameterNode.petVolume
        units = units_of(pet) if pet is not None else RELATIVE
        if kind == "suv" and not (units == RELATIVE or is_suv(units)):
            if units != "Bq/ml":
                return _("The values are in {units}, not in SUV: give the window in {units}").format(units=units)
            if not dicom_files_of(pet):
                text = _("The values are in {units}, not in SUV, and no DICOM header says how to convert them")
                return text.format(units=units)
        if kind == "suvr" and units not in RATIOS:
            return _("The values are in {units}, not ratios").format(units=units)
        if kind == "percent" and (pet is None or pet.GetImageData() is None):
            return _("Select the PET/SPECT volume")
        return ""

    def refreshWindow(self) -> None:
        """The SUV button only for what may be SUV; a typed window never stays for values in other units."""
        p = self._parameterNode
        units = units_of(p.petVolume) if p.petVolume is not None else RELATIVE
        reason = self.whyNot("suv")
        self.ui.suvButton.enabled = not reason
        usual = _("The usual window of FDG PET; the volume must be in SUV")
        if units == "Bq/ml":
            usual = _("The usual window of FDG PET, in Bq/ml by dose, weight and times of the DICOM header")
        self.ui.suvButton.toolTip = reason or usual
        robust = _("Low and high are chosen from the values; switch robust off to type them.")
        self.ui.windowReasonLabel.text = "\n".join(line for line in (robust if p.robustWindow else "", reason) if line)
        self.ui.thresholdUnitsLabel.text = "" if units == RELATIVE else units
        for name in ("windowLowSpinBox", "windowHighSpinBox"):
            getattr(self.ui, name).enabled = not p.robustWindow
        if p.petVolume is None:
            return
        if p.robustWindow:
            p.windowUnits = ""
        elif not p.windowUnits:
            p.windowUnits = units
        elif p.windowUnits != units:
            text = _("The window was for values in {old}; these are in {new}, so it is chosen from the values again.")
            self.ui.noticeLabel.text = text.format(old=p.windowUnits, new=units)
            p.windowUnits = ""
            p.robustWindow = True
