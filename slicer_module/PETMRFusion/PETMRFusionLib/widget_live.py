"""The part of the widget that colors a finished picture anew while sliders move: strength, lightness, threshold."""

from __future__ import annotations

import qt

from PETMRFusionLib import record
from PETMRFusionLib.parameters import threshold_of
from PETMRFusionLib.slabs import Chore
from PETMRFusionLib.slots import slot
from PETMRFusionLib.widget_jobs import make_timer

#: How long a slider is left to settle, and how soon the next piece of the work follows, in ms.
SETTLE_MS, PIECE_MS = 20, 5


class LiveControl:
    """Colors in pieces; where the slider moves on, what was begun is left."""

    def __init__(self) -> None:
        self._coloring: Chore[None] | None = None
        self._strengthTimer: qt.QTimer | None = None
        self._coloringTimer: qt.QTimer | None = None

    def setupLiveTimers(self) -> None:
        self._strengthTimer = make_timer(SETTLE_MS, True, self.onStrengthSettled)
        self._coloringTimer = make_timer(PIECE_MS, False, self.onColoring)

    def connectLive(self) -> None:
        for control in (self.ui.strengthSlider, self.ui.lightnessSlider, self.ui.thresholdSpinBox):
            control.connect("valueChanged(double)", self.onStrength)

    @slot
    def onStrength(self, value: float = 0.0) -> None:
        """A slider moved: color anew as soon as it rests for a moment."""
        self._strengthTimer.start()

    def wantedLook(self) -> tuple[str, str, str]:
        """Strength, lightness and threshold of the panel, as a fused volume has them."""
        p = self._parameterNode
        threshold = threshold_of(p)
        return f"{p.strength:g}", f"{p.lightness:g}", "" if threshold is None else f"{threshold:.9g}"

    @slot
    def onStrengthSettled(self) -> None:
        p = self._parameterNode
        if not p:
            return
        self.dropColoring()
        fused = p.fusedVolume
        if record.read_record(fused) is not None and record.look_of(fused) != self.wantedLook():
            work = self.logic.coloring(fused, p.strength, lightness=p.lightness, threshold=threshold_of(p))
            self._coloring = Chore(work)
            self.onColoring()
            if self._coloring is not None:
                self._coloringTimer.start()
        self.showPreview()

    @slot
    def onColoring(self) -> None:
        """Color a piece more."""
        try:
            if self._coloring is not None and self._coloring.advance():
                return
        except ValueError as error:  # a source of the picture is gone
            self.ui.statusLabel.text = str(error)
        self.dropColoring()

    def dropColoring(self) -> None:
        self._coloringTimer.stop()
        if self._coloring is not None:
            self._coloring.drop()
            self._coloring = None

    def stopLive(self) -> None:
        self._strengthTimer.stop()
        self.dropColoring()
