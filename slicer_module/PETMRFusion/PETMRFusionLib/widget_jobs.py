"""The part of the widget that runs jobs: Apply becomes Cancel, the bar moves, nothing blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import machine
from PETMRFusionLib.install import InstallError
from PETMRFusionLib.jobs import Running
from PETMRFusionLib.slots import slot

#: How often running jobs are asked for news, in ms.
POLL_MS = 30

#: Errors of the worker that a new installation may mend.
INCOMPLETE = ("ModuleNotFoundError", "ImportError", "OldVersionError")


def make_timer(interval: int, once: bool, slot: Callable[[], None]) -> qt.QTimer:
    """A timer that calls ``slot``; not started."""
    timer = qt.QTimer()
    timer.setInterval(interval)
    timer.setSingleShot(once)
    timer.connect("timeout()", slot)
    return timer


class JobControl:
    """One job at a time, watched by a timer."""

    def __init__(self) -> None:
        self._running: Running[Any] | None = None
        self._start: Callable[[], Running[Any]] | None = None
        self._done: Callable[[Any], None] = lambda value: None
        self._failed: Callable[[Exception], bool] = lambda error: False
        self._repaired = False
        self._jobTimer: qt.QTimer | None = None

    def setupTimers(self) -> None:
        self._jobTimer = make_timer(POLL_MS, False, self.onPoll)
        self.setupLiveTimers()
        self.setupPreviewTimers()
        self.setupFitTimer()

    def start(
        self,
        start: Callable[[], Running[Any]],
        done: Callable[[Any], None],
        failed: Callable[[Exception], bool] = lambda error: False,
    ) -> bool:
        """Start a job of the logic, after making sure that there is something to run it in.

        Args:
            start: starts it.
            done: called with its value.
            failed: called with the error where it fails; returns whether that was all to be said of it.
        """
        try:
            if not self.haveRuntime():
                return False
            self._running = start()
        except Exception as error:
            self.onSlotError(error)
            return False
        self._start, self._done, self._failed = start, done, failed
        self.ui.applyButton.text = _("Cancel")
        self.ui.progressBar.visible = True
        self.ui.progressBar.value = 0
        self.ui.statusLabel.text = _("Starting …")
        self._jobTimer.start()
        self.onParametersChanged()
        return True

    def haveRuntime(self, repair: str | None = None) -> bool:
        """Whether coconet-med is there; asks to install it where it is not, or not whole.

        Args:
            repair: module that the worker could not import, empty for coconet-med; ``None``: nothing is known to fail.
        """
        if self.python() or self.logic.hasOwnRuntime():
            return True
        proxy = machine.read(machine.PROXY)
        return self.logic.installer.ensure(machine.read(machine.WHEELS), proxy=proxy, repair=repair)

    @slot
    def onPoll(self) -> None:
        """Deliver news of the job."""
        running = self._running
        if running is None:
            self._jobTimer.stop()
            return
        if running.poll():
            return
        self._running = None
        self._jobTimer.stop()
        self.ui.applyButton.text = _("Apply")
        self.ui.progressBar.visible = False
        self.ui.statusLabel.text = ""
        try:
            if running.outcome == "done":
                self._repaired = False
                self._done(running.value)
            elif running.outcome == "canceled":
                self.ui.statusLabel.text = _("Canceled")
            elif not self.mended(running.error) and not self._failed(running.error):
                self.onSlotError(running.error)
        finally:
            self.onParametersChanged()

    def mended(self, error: Exception | None) -> bool:
        """Finish an installation that the worker found incomplete or too old, and start again; once."""
        if getattr(error, "kind", "") not in INCOMPLETE or self._repaired or self.python():
            return False
        if self.logic.hasOwnRuntime() or self._start is None:
            return False
        self._repaired = True
        if not self.haveRuntime(repair=getattr(error, "missing", "")):
            return False
        return self.start(self._start, self._done, self._failed)

    def onSlotError(self, error: Exception | None) -> None:
        """Say what went wrong, in the panel and in a dialog; pip has shown a dialog of its own."""
        self.ui.statusLabel.text = str(error)
        if not slicer.app.testingEnabled() and not isinstance(error, InstallError):
            slicer.util.errorDisplay(str(error), "PET-MR Fusion")

    def onProgress(self, stage: str, done: float, total: float) -> None:
        names = {
            "align": _("Looking at the alignment"),
            "check": _("Checking the alignment"),
            "register": _("Registering"),
            "fuse": _("Fusing slices"),
            "measure": _("Measuring"),
            "dicom": _("Writing DICOM"),
            "page": _("Writing the page"),
        }
        self.ui.progressBar.value = round(100 * done / max(total, 1))
        self.ui.statusLabel.text = f"{names.get(stage, stage)}: {done:g} / {total:g}"

    def onNotice(self, text: str) -> None:
        """Something happened that the user should know: a fall-back to smaller batches, or to the CPU."""
        self.ui.noticeLabel.text = text

    def stopAll(self) -> None:
        """End every process at once: the scene or the module goes away."""
        if self._running is not None:
            running, self._running = self._running, None
            running.kill()
            self.ui.applyButton.text = _("Apply")
            self.ui.progressBar.visible = False
        self._jobTimer.stop()
        self.stopLive()
        self.stopPreview()
