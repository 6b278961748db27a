"""The part of the widget about what is on screen: colors, window, units, legend, and whether it is up to date."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from PETMRFusionLib import display, record
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.sequence import frames_of
from PETMRFusionLib.slots import slot
from PETMRFusionLib.units import RELATIVE
from PETMRFusionLib.widget_jobs import make_timer

#: How often views that were just made are looked at, in ms.
FIT_MS = 100


class DisplayControl:
    """Names and units on screen are those of what is shown; what the user set stays."""

    def __init__(self) -> None:
        self._legendOf: str | None = None
        self._pictured: tuple[Any, ...] | None = None
        self._fitting: display.Fitting | None = None
        self._fitTimer: qt.QTimer | None = None

    def connectDisplay(self) -> None:
        self.ui.showButton.connect("clicked(bool)", self.onShow)

    def refreshActions(self) -> None:
        """Bring labels and the display of the PET up to date with the settings."""
        p = self._parameterNode
        self.refreshModel()
        facts = record.read_record(p.fusedVolume)
        self.ui.staleLabel.text = self.differences(facts) if facts is not None else ""
        self.ui.staleLabel.visible = bool(self.ui.staleLabel.text)
        if facts is None:
            self.ui.legendTextLabel.text = _("Apply first: legend and views come with the fused volume")
            return
        self.colorUptake(facts)
        if self._legendOf != facts.colormap:
            self._legendOf = facts.colormap
            picture = display.legend_picture(facts.table)
            pixmap = qt.QPixmap()
            pixmap.loadFromData(qt.QByteArray(display.to_ppm(picture)))
            self.ui.legendLabel.setPixmap(pixmap)
        low, high = facts.window
        text = _("uptake {low:.5g} to {high:.5g} {units} (upwards), MRI dark to bright").format(
            low=low, high=high, units=facts.units
        )
        notes = []
        p = self._parameterNode
        if p.lightness < 1:
            notes.append(_("lightness {share:.0%}").format(share=p.lightness))
        if p.threshold > 0:
            units = "" if facts.units == RELATIVE else facts.units
            notes.append(_("shown from {threshold:.5g} {units}").format(threshold=p.threshold, units=units).strip())
        if facts.no_data > 0:
            notes.append(_("hatched: no PET data ({share:.0%})").format(share=facts.no_data))
        self.ui.legendTextLabel.text = "\n".join([text, *notes])

    def differences(self, facts: record.Record) -> str:
        """Words where the picture is not what the settings and volumes of the panel say; empty where it is."""
        p = self._parameterNode
        source = p.fusedVolume.GetNodeReference(record.PET)
        dynamic = frames_of(p.fusedVolume) is not None
        if not dynamic and p.petVolume is not None and source is not p.petVolume:
            name = source.GetName() if source is not None else _("a volume that is gone")
            return _("The picture shows {old}, not {new}: apply to fuse it.").format(
                old=name, new=p.petVolume.GetName()
            )
        if p.mrVolume is not None and p.fusedVolume.GetNodeReference(record.MR) is not p.mrVolume:
            return _("The picture was made with another MRI: apply again.")
        names = {"window": _("window"), "colormap": _("colors"), "plane": _("plane"), "model": _("model")}
        names["anatomy_window"] = _("CT window")
        try:
            wanted = settings_of(p).look()
        except ValueError:
            return ""  # said beside Apply
        other = [names[name] for name, value in wanted.items() if facts.asked.get(name, value) != value]
        if self._pictured is not None and self._pictured[0] == p.fusedVolume.GetID():
            changed = self._pictured[1] != self.alignmentKey(dynamic=self._pictured[1][0])
            other += [_("volumes or their place")] * changed
        if not other:
            return ""
        return _("The picture does not show the chosen {names}: apply again.").format(names=", ".join(other))

    def colorUptake(self, facts: record.Record) -> None:
        """Show the resampled uptake in the colors and the window that the user chose."""
        p = self._parameterNode
        uptake = p.fusedVolume.GetNodeReference(record.UPTAKE)
        if uptake is not None:
            window = facts.window if p.robustWindow else (p.windowLow, p.windowHigh)
            if window[0] < window[1]:
                display.color_pet(uptake, p.palette, window, facts.units)

    @slot
    def onShow(self, clicked: bool = False) -> None:
        """MRI, PET and fusion side by side."""
        fused = self._parameterNode.fusedVolume
        mr, uptake = (fused.GetNodeReference(role) for role in (record.MR, record.UPTAKE))
        self._fitting = display.Fitting(display.show_side_by_side(mr, uptake, fused))
        self._fitTimer.start()

    def setupFitTimer(self) -> None:
        self._fitTimer = make_timer(FIT_MS, False, self.onFit)

    @slot
    def onFit(self) -> None:
        """New views get their size after they were made: fit them again until it has settled."""
        if self._fitting is None or not self._fitting.again():
            self._fitTimer.stop()
            self._fitting = None
