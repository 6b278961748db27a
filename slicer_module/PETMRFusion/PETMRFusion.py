"""PET-MR Fusion: fuse an MRI and a PET or SPECT of the same person into one truthful image."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import ctk  # noqa: F401  (the widgets of the .ui file come from it)
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from PETMRFusionLib import display, record, sample
from PETMRFusionLib.labels import translate_choices
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import PETMRFusionTest  # noqa: F401  (Slicer finds the test here)
from PETMRFusionLib.slots import slot
from PETMRFusionLib.widget_actions import Actions
from PETMRFusionLib.widget_alignment import AlignmentControl
from PETMRFusionLib.widget_display import DisplayControl
from PETMRFusionLib.widget_jobs import JobControl
from PETMRFusionLib.widget_live import LiveControl
from PETMRFusionLib.widget_preview import PreviewControl
from PETMRFusionLib.widget_reasons import ReasonControl
from PETMRFusionLib.widget_windows import WindowControl

HOMEPAGE = "https://github.com/coconet-med/SlicerPETMRFusion#readme"


class PETMRFusion(ScriptedLoadableModule):
    """What the application shows of the module."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("PET-MR Fusion")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Nuclear Medicine")]
        self.parent.dependencies = []
        self.parent.contributors = ["The coconet-med developers"]
        self.parent.helpText = _(
            "Fuses an MRI or CT and a PET or SPECT of the same person with the network CoCoNet. Colors are made for "
            "looking; measure on the resampled uptake. Research use, not for diagnosis. "
            '<a href="{link}">Documentation and tutorial</a>.'
        ).format(link=HOMEPAGE)
        self.parent.acknowledgementText = _(
            "CoCoNet: Liu et al., International Journal of Computer Vision 132, 1748-1775 (2024). Written anew, "
            "Apache-2.0."
        )
        slicer.app.connect("startupCompleted()", registerLayout)
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerLayout() -> None:
    """Know the layout before a scene that was saved with it is opened, and after each scene."""
    display.keep_layout_known()
    record.keep_tidy(slicer.mrmlScene)


def registerSampleData() -> None:
    """Offer the generated heads in the module Sample Data."""
    import SampleData

    sample.register(SampleData.SampleDataLogic, str(Path(__file__).parent / "Resources"))


class PETMRFusionWidget(
    ScriptedLoadableModuleWidget,
    VTKObservationMixin,
    JobControl,
    AlignmentControl,
    DisplayControl,
    WindowControl,
    LiveControl,
    PreviewControl,
    ReasonControl,
    Actions,
):
    """Binds the controls to the logic; there is no work in it."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        JobControl.__init__(self)
        AlignmentControl.__init__(self)
        DisplayControl.__init__(self)
        LiveControl.__init__(self)
        PreviewControl.__init__(self)
        ReasonControl.__init__(self)
        Actions.__init__(self)
        self.logic: PETMRFusionLogic | None = None
        self._parameterNode = None
        self._guiTag = None
        self._connected = False
        self._inputs: list[Any] = []

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/PETMRFusion.ui"))
        self.layout.addWidget(self.uiWidget)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = PETMRFusionLogic()
        self.setupTimers()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.connectActions()
        self.connectAlignment()
        self.connectDisplay()
        self.connectWindows()
        self.connectLive()
        self.ui.progressBar.visible = False
        self.initializeParameterNode()

    def cleanup(self) -> None:
        self.stopAll()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        self.disconnectParameters()

    @slot
    def onSceneStartClose(self, caller: Any = None, event: Any = None) -> None:
        self.stopAll()
        self.beginAfresh()
        self.setParameterNode(None)

    @slot
    def onSceneStartImport(self, caller: Any = None, event: Any = None) -> None:
        """A scene that is loaded may put its own settings here; nothing may start because of them."""
        self.beginAfresh()
        self.setParameterNode(None)

    @slot
    def onSceneEndImport(self, caller: Any = None, event: Any = None) -> None:
        display.register_layout()
        self.beginAfresh()
        if self.parent.isEntered:
            self.initializeParameterNode()

    def beginAfresh(self) -> None:
        """Forget what was known and wished of another scene."""
        self.ui.previewCheckBox.checked = False
        self.stopPreview()
        self.forgetAlignment()
        self._twoPatients = self._pictured = None
        for name in ("statusLabel", "noticeLabel"):
            getattr(self.ui, name).text = ""

    @slot
    def onSceneEndClose(self, caller: Any = None, event: Any = None) -> None:
        display.register_layout()
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, node: Any) -> None:
        self.disconnectParameters()
        self._parameterNode = node
        self.rememberModel(node.modelPath if node else "")
        if node:
            self._guiTag = node.connectParametersToGui(self.boundControls())
            self._connected = True
            translate_choices(self.ui)
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.onParametersChanged()

    def boundControls(self) -> dict[str, Any]:
        """Controls by the parameter that they name; ``connectGui`` would bind them too, but not say how to let go."""
        controls = vars(self.ui).values()
        return {name: control for control in controls if (name := control.property("SlicerParameterName"))}

    def disconnectParameters(self) -> None:
        """Let the controls alone; a job under way keeps its parameter node."""
        if self._connected:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self._guiTag, self._connected = None, False

    def observeInputs(self, nodes: list[Any]) -> None:
        """Hear of inputs whose voxels, grid or place change, in themselves or by any transform above them."""
        if nodes == self._inputs:
            return
        events = (
            vtk.vtkCommand.ModifiedEvent,
            slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
            slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        )
        watched = [[node for node in some if node is not None] for some in (self._inputs, nodes)]
        for node in watched[0]:
            for event in events:
                if self.hasObserver(node, event, self.onParametersChanged):
                    self.removeObserver(node, event, self.onParametersChanged)
        self._inputs = nodes
        for node in watched[1]:
            for event in events:
                if not self.hasObserver(node, event, self.onParametersChanged):
                    self.addObserver(node, event, self.onParametersChanged)

    @slot
    def onParametersChanged(self, caller: Any = None, event: Any = None) -> None:
        """Enable what can be done now, and bring the panel up to date."""
        p = self._parameterNode
        if not p:
            return
        self.refreshWindow()
        self.observeInputs([p.mrVolume, p.petVolume, p.registration, p.petSequence])
        ready = self.refreshEnabled()
        self.refreshAlignment()
        self.refreshActions()
        self.refreshPreview(ready)

    def onReload(self) -> None:
        """Reload in developer mode: the library too, not this file alone."""
        for name in [name for name in sys.modules if name.split(".")[0] == "PETMRFusionLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)
