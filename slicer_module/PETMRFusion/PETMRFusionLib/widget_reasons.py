"""The part of the widget that enables what can be done now, and says beside what cannot why."""

from __future__ import annotations

from slicer.i18n import tr as _

from PETMRFusionLib import output, record
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.volumes import check_pair

#: Labels of reasons; those without words take no room.
LABELS = ("reasonLabel", "sequenceReasonLabel", "alignmentReasonLabel", "windowReasonLabel", "outputsReasonLabel")
#: Width of the panel before it is laid out, of the margins of a section, and of what is beside the text of the legend.
LEAST_WIDTH, MARGINS, LEGEND_WIDTH = 300, 36, 210
MESSAGES = ("statusLabel", "staleLabel", "noticeLabel")


class ReasonControl:
    """A control that is off says why, in words beside it and in its tool tip."""

    def __init__(self) -> None:
        self._tips: dict[str, str] = {}

    def whyNotFuse(self) -> str:
        """Why the two volumes cannot be fused; empty where they can."""
        p = self._parameterNode
        try:
            check_pair(p.mrVolume, p.petVolume)
            settings_of(p)
        except ValueError as error:
            return str(error)
        return ""

    def refreshEnabled(self) -> bool:
        """Enable controls, and give the reasons of the others; whether the two volumes can be fused."""
        p, idle = self._parameterNode, self._running is None
        busy = "" if idle else _("Wait until the work is done, or cancel it")
        reason = self.whyNotFuse()
        self.enable(("applyButton",), reason if idle else "", "reasonLabel")
        self.ui.applyButton.toolTip = reason if idle and reason else _("Fuse the two volumes")
        pair = ("checkButton", "registerButton", "loadTransformButton", "saveTransformButton")
        self.enable(pair, busy or reason, "alignmentReasonLabel")
        frames = "" if p.mrVolume and p.petSequence else _("Fuse frames: choose an MRI and a dynamic PET")
        self.enable(("sequenceButton",), busy or frames, "sequenceReasonLabel")
        fused = record.read_record(p.fusedVolume) is not None
        nothing = "" if fused else _("Apply first: there is no fused volume yet")
        self.enable(("showButton", "saveButton", "qualityButton", "fociButton", "viewerButton"), busy or nothing, "")
        dicom = ""
        if fused:
            try:
                output.check_dicom(p.fusedVolume)
            except ValueError as error:
                dicom = _("Export DICOM: {reason}").format(reason=error)
        self.enable(("dicomButton",), busy or nothing or dicom, "outputsReasonLabel")
        return not reason

    def enable(self, names: tuple[str, ...], reason: str, label: str) -> None:
        """Enable controls where there is no reason against it."""
        for name in names:
            control = getattr(self.ui, name)
            usual = self._tips.setdefault(name, control.toolTip)
            control.enabled = not reason
            control.toolTip = reason or usual
        if label:
            getattr(self.ui, label).text = reason

    def fitLabels(self) -> None:
        """Labels without words take no room, those with many take what they need.

        Qt's layouts do not count the height of wrapped lines where a panel is as low as it can be.
        """
        width = self.ui.applyButton.width if self.ui.applyButton.width > LEAST_WIDTH else LEAST_WIDTH
        for name in (*LABELS, *MESSAGES, "alignmentLabel", "legendTextLabel"):
            label = getattr(self.ui, name)
            if name in (*LABELS, *MESSAGES):
                label.visible = bool(label.text)
            room = LEGEND_WIDTH if name == "legendTextLabel" else MARGINS
            label.minimumHeight = max(0, label.heightForWidth(width - room))
