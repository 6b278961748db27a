"""The part of the widget that previews the visible slice."""

from __future__ import annotations

from typing import Any

import qt
import slicer
import vtk

from PETMRFusionLib.parameters import threshold_of
from PETMRFusionLib.preview import Preview, center_of
from PETMRFusionLib.slots import slot
from PETMRFusionLib.volumes import remove_whole
from PETMRFusionLib.widget_jobs import POLL_MS, make_timer

#: How long the settings are left to settle, in ms.
SETTINGS_MS = 300

#: Views in which the preview is shown: the first that is there.
PREVIEW_VIEWS = ("FusionColor", "Red")


class PreviewControl:
    """Keeps a worker while the preview is on, and asks it for the slice in view."""

    def __init__(self) -> None:
        self._preview: Preview | None = None
        self._previewNode: Any = None
        self._previewView: Any = None
        self._covered: tuple[Any, ...] | None = None
        self._previewing: tuple[Any, ...] | None = None
        self._previewTimer: qt.QTimer | None = None
        self._previewPoll: qt.QTimer | None = None

    def setupPreviewTimers(self) -> None:
        self._previewTimer = make_timer(SETTINGS_MS, True, self.restartPreview)
        self._previewPoll = make_timer(POLL_MS, False, self.onPreviewPoll)

    @slot
    def onPreviewToggled(self, on: bool) -> None:
        """The preview is a wish of this moment: it is not kept in the scene, so that no scene starts it."""
        if on:
            self.onParametersChanged()
        else:
            self.stopPreview()

    def refreshPreview(self, ready: bool) -> None:
        """Start, restart or end the preview where the settings ask for it."""
        wanted = None
        if ready and self.ui.previewCheckBox.checked:
            orders = tuple(str(value) for value in self.settings().orders().values())
            wanted = (self.alignmentKey(), self.python(), *orders)
        if wanted != self._previewing:
            self._previewing = wanted
            self._previewTimer.start()

    @slot
    def restartPreview(self) -> None:
        p, wanted = self._parameterNode, self._previewing
        self.stopPreview()
        self._previewing = wanted
        if wanted is None or not p or not self.haveRuntime():
            return
        self._preview = self.logic.startPreview(
            p.mrVolume, p.petVolume, settings=self.settings(), registration=p.registration, python=self.python()
        )
        self._preview.on_slice = self.showPreview
        self._previewView = self.findPreviewView()
        if self._previewView is not None:
            self.addObserver(self._previewView, vtk.vtkCommand.ModifiedEvent, self.onSliceMoved)
        self._previewPoll.start()
        self.onSliceMoved()

    def findPreviewView(self) -> Any:
        """The slice view that shows the preview, if there is one."""
        for name in PREVIEW_VIEWS:
            logic = slicer.app.applicationLogic().GetSliceLogicByLayoutName(name)
            if logic is not None:
                return logic.GetSliceNode()
        return None

    @slot
    def onSliceMoved(self, caller: Any = None, event: Any = None) -> None:
        if self._preview is not None and self._previewView is not None:
            self._preview.request(center_of(self._previewView))

    @slot
    def onPreviewPoll(self) -> None:
        if self._preview is not None and not self._preview.poll():
            if self._preview.error:
                self.ui.statusLabel.text = self._preview.error
            self._preview = None
        if self._preview is None:
            self._previewPoll.stop()

    def showPreview(self) -> None:
        """Put the newest slice into the view."""
        p = self._parameterNode
        if self._preview is None or not p:
            return
        if self._previewNode is None or self._previewNode.GetScene() is None:
            self._previewNode = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Live preview")
            self._previewNode.SetSaveWithScene(False)
            self._previewNode.SetHideFromEditors(True)
        if (
            self._preview.show(self._previewNode, p.strength, p.lightness, threshold_of(p))
            and self._previewView is not None
        ):
            logic = slicer.app.applicationLogic().GetSliceLogic(self._previewView)
            composite = logic.GetSliceCompositeNode()
            if composite.GetForegroundVolumeID() != self._previewNode.GetID():
                self._covered = (composite, composite.GetForegroundVolumeID(), composite.GetForegroundOpacity())
                composite.SetForegroundVolumeID(self._previewNode.GetID())
                composite.SetForegroundOpacity(1.0)

    def stopPreview(self) -> None:
        for timer in (self._previewTimer, self._previewPoll):
            timer.stop()
        self._previewing = None
        if self._previewView is not None:
            self.removeObserver(self._previewView, vtk.vtkCommand.ModifiedEvent, self.onSliceMoved)
            self._previewView = None
        if self._preview is not None:
            self._preview.stop()
            self._preview = None
        if self._previewNode is not None:
            self.uncover()
            remove_whole(self._previewNode)
            self._previewNode = None

    def uncover(self) -> None:
        """Give the view back the foreground that the user had there."""
        if self._covered is None:
            return
        (composite, ident, opacity), self._covered = self._covered, None
        if composite.GetForegroundVolumeID() == self._previewNode.GetID():
            there = slicer.mrmlScene.GetNodeByID(ident) if ident else None
            composite.SetForegroundVolumeID(there.GetID() if there is not None else None)
            composite.SetForegroundOpacity(opacity)
