"""The part of the widget about what is on screen: colors, window, units, legend, and whether it is up to date."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from PETMRFusionLib import display, record
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.units import RELATIVE, is_suv, units_of


class DisplayControl:
    """Names and units on screen are those of what is shown; what the user set stays."""

    def __init__(self) -> None:
        self._legendOf: str | None = None
        self._pictured: tuple[Any, ...] | None = None

    def connectDisplay(self) -> None:
        self.ui.showButton.connect("clicked(bool)", self.onShow)
        self.ui.suvButton.connect("clicked(bool)", self.onSuv)

    def refreshActions(self) -> None:
        """Bring labels and the display of the PET up to date with the settings."""
        p = self._parameterNode
        self.refreshModel()
        facts = record.read_record(p.fusedVolume)
        self.ui.staleLabel.text = self.differences(facts) if facts is not None else ""
        self.ui.staleLabel.visible = bool(self.ui.staleLabel.text)
        if facts is None:
            return
        self.colorUptake(facts)
        if self._legendOf != facts.colormap:
            self._legendOf = facts.colormap
            picture = display.legend_picture(facts.table)
            pixmap = qt.QPixmap()
            pixmap.loadFromData(qt.QByteArray(display.to_ppm(picture)))
            self.ui.legendLabel.setPixmap(pixmap)
        low, high = facts.window
        self.ui.legendTextLabel.text = _("uptake {low:.5g} to {high:.5g} {units} (upwards), MRI dark to bright").format(
            low=low, high=high, units=facts.units
        )

    def differences(self, facts: record.Record) -> str:
        """Words where the picture is not what the settings and volumes of the panel say; empty where it is."""
        p = self._parameterNode
        source = p.fusedVolume.GetNodeReference(record.PET)
        if p.petVolume is not None and source is not p.petVolume:
            name = source.GetName() if source is not None else _("a volume that is gone")
            return _("The picture shows {old}, not {new}: apply to fuse it.").format(
                old=name, new=p.petVolume.GetName()
            )
        if p.mrVolume is not None and p.fusedVolume.GetNodeReference(record.MR) is not p.mrVolume:
            return _("The picture was made with another MRI: apply again.")
        names = {"window": _("window"), "colormap": _("colors"), "plane": _("plane"), "model": _("model")}
        try:
            wanted = settings_of(p).look()
        except ValueError:
            return ""  # said beside Apply
        other = [names[name] for name, value in wanted.items() if facts.asked and facts.asked[name] != value]
        if self._pictured is not None and self._pictured[0] == p.fusedVolume.GetID():
            other += [_("volumes or their place")] * (self._pictured[1] != self.alignmentKey())
        if not other:
            return ""
        return _("The picture was made with another {names}: apply again.").format(names=", ".join(other))

    def refreshWindow(self) -> None:
        """The SUV button only for what may be SUV; a typed window never stays for values in other units."""
        p = self._parameterNode
        units = units_of(p.petVolume) if p.petVolume is not None else RELATIVE
        fits = units == RELATIVE or is_suv(units)
        self.ui.suvButton.enabled = fits
        self.ui.suvButton.toolTip = (
            _("The usual window of FDG PET; the volume must be in SUV")
            if fits
            else _("The values are in {units}, not in SUV: give the window in {units}").format(units=units)
        )
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

    def colorUptake(self, facts: record.Record) -> None:
        """Show the resampled uptake in the colors and the window that the user chose."""
        p = self._parameterNode
        uptake = p.fusedVolume.GetNodeReference(record.UPTAKE)
        if uptake is not None:
            window = facts.window if p.robustWindow else (p.windowLow, p.windowHigh)
            if window[0] < window[1]:
                display.color_pet(uptake, p.palette, window, facts.units)

    def onShow(self, clicked: bool = False) -> None:
        """MRI, PET and fusion side by side."""
        fused = self._parameterNode.fusedVolume
        mr, uptake = (fused.GetNodeReference(role) for role in (record.MR, record.UPTAKE))
        display.show_side_by_side(mr, uptake, fused)

    def onSuv(self, clicked: bool = False) -> None:
        """The window that readers of FDG PET are used to."""
        p = self._parameterNode
        p.windowLow, p.windowHigh = display.SUV_WINDOW
        p.robustWindow = False
