"""Stand-in for the application around slicer-core: what our module asks of ``slicer.app``, and the module base classes.

Only the parts that PETMRFusion uses; the MRML core, its logics and ``slicer.util`` are the real ones.
"""

from __future__ import annotations

import sys
import types
import unittest
from pathlib import Path
from typing import Any

import slicer


class Application:
    """Answers for qSlicerApplication; dialogs are written down instead of shown."""

    def __init__(self, scene: Any, logic: Any) -> None:
        self._scene, self._logic = scene, logic
        self.slots: dict[str, list[Any]] = {}
        self.layouts = LayoutManager(scene, logic)
        self.settings = Settings()
        self.slicerHome = ""

    def userSettings(self) -> Settings:
        return self.settings

    def connect(self, signal: str, slot: Any) -> None:
        self.slots.setdefault(signal, []).append(slot)

    def applicationLogic(self) -> Any:
        return self._logic

    def mrmlScene(self) -> Any:
        return self._scene

    def layoutManager(self) -> LayoutManager:
        return self.layouts

    def testingEnabled(self) -> bool:
        return True

    def setOverrideCursor(self, cursor: Any) -> None:
        pass

    def restoreOverrideCursor(self) -> None:
        pass

    def processEvents(self) -> None:
        from PySide6 import QtCore

        if QtCore.QCoreApplication.instance() is not None:
            QtCore.QCoreApplication.processEvents()


class Settings:
    """Answers for QSettings, for the time of a test."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def value(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def setValue(self, name: str, value: Any) -> None:
        self.values[name] = value


class LayoutManager:
    """Makes the slice views that a layout description asks for, as qMRMLLayoutSliceViewFactory does."""

    def __init__(self, scene: Any, logic: Any) -> None:
        self._scene, self._logic = scene, logic
        self._views: dict[str, Any] = {}

    def follow(self, layout: Any) -> None:
        """Watch a layout node."""
        self._layout = layout
        layout.AddObserver("ModifiedEvent", lambda *ignored: self._build())

    def clear(self) -> None:
        self._views.clear()
        self._publish()

    def view(self, name: str) -> Any:
        """The logic of a slice view."""
        return self._views[name]

    def _build(self) -> None:
        import xml.etree.ElementTree as ET

        description = self._layout.GetCurrentLayoutDescription()
        if not description or not description.startswith("<layout"):
            return
        for view in ET.fromstring(description).iter("view"):
            name = view.get("singletontag")
            if view.get("class") != "vtkMRMLSliceNode" or name in self._views:
                continue
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(self._logic)
            logic.SetMRMLScene(self._scene)
            node = logic.AddSliceNode(name)
            for setting in view.iter("property"):
                if setting.get("name") == "orientation":
                    node.SetOrientation(setting.text)
                elif setting.get("name") == "viewgroup":
                    node.SetViewGroup(int(setting.text))
            node.SetDimensions(200, 200, 1)
            logic.ResizeSliceNode(200, 200)
            self._views[name] = logic
        self._publish()

    def _publish(self) -> None:
        import vtk

        logics = vtk.vtkCollection()
        for logic in self._views.values():
            logics.AddItem(logic)
        self._logic.SetSliceLogics(logics)
        self._kept = logics


class _Module:
    def __init__(self, logic: Any) -> None:
        self._logic = logic

    def logic(self) -> Any:
        return self._logic


def install() -> Any:
    """Make a scene and everything around it; returns the scene."""
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    colors = slicer.vtkSlicerColorLogic()
    colors.SetMRMLApplicationLogic(application)
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    application.SetModuleLogic("Colors", colors)
    sequences = slicer.vtkSlicerSequencesLogic()
    sequences.SetMRMLScene(scene)
    slicer.mrmlScene = scene
    slicer.app = Application(scene, application)
    slicer.modules = types.SimpleNamespace(colors=_Module(colors), sequences=_Module(sequences))
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    _install_base_classes()
    _install_translation()
    return scene


def fresh_scene() -> Any:
    """The scene as after a start of the application."""
    scene = slicer.mrmlScene
    scene.Clear(1)
    slicer.app.settings.values.clear()
    slicer.modules.colors.logic().AddDefaultColorNodes()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    slicer.app.layouts.clear()
    layout = slicer.vtkMRMLLayoutNode()
    layout.SetSingletonTag("vtkMRMLLayoutNode")
    slicer.app.layouts.follow(scene.AddNode(layout))
    return scene


def _install_translation() -> None:
    module = types.ModuleType("slicer.i18n")
    module.tr = lambda text: text
    module.translate = lambda context, text: text
    sys.modules["slicer.i18n"] = slicer.i18n = module


def _install_base_classes() -> None:
    module = types.ModuleType("slicer.ScriptedLoadableModule")
    for kind in (ScriptedLoadableModule, ScriptedLoadableModuleWidget, ScriptedLoadableModuleLogic):
        setattr(module, kind.__name__, kind)
    module.ScriptedLoadableModuleTest = ScriptedLoadableModuleTest
    sys.modules["slicer.ScriptedLoadableModule"] = slicer.ScriptedLoadableModule = module


class ScriptedLoadableModule:
    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ScriptedLoadableModuleWidget:
    def __init__(self, parent: Any = None) -> None:
        import qt

        self.moduleName = type(self).__name__.removesuffix("Widget")
        if parent is None:
            parent = slicer.qMRMLWidget()
            parent.setLayout(qt.QVBoxLayout())
            parent.setMRMLScene(slicer.mrmlScene)
        parent.isEntered = True
        self.parent = parent
        self.layout = qt.layout_of(parent)

    def resourcePath(self, name: str) -> str:
        return str(Path(sys.modules[self.moduleName].__file__).parent / "Resources" / name)

    def setup(self) -> None:
        pass

    def onReload(self) -> None:
        """As slicer.util.reloadScriptedModule: the file of the module is executed again under its name."""
        import importlib.util

        self.cleanup()
        file = sys.modules[self.moduleName].__file__
        spec = importlib.util.spec_from_file_location(self.moduleName, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.moduleName] = module
        spec.loader.exec_module(module)


class ScriptedLoadableModuleLogic:
    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> Any:
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetSingletonTag(self.moduleName)
            node.SetModuleName(self.moduleName)
            node.SetName(self.moduleName)
            node = slicer.mrmlScene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    def delayDisplay(self, message: str, *ignored: Any) -> None:
        pass
