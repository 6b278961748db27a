"""Risks of the desktop application, imitated: Python's lock held while it idles, slots that raise, Windows, reload."""

from __future__ import annotations

import sys

import slicer

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.runtime import PythonRuntime
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.volumes import remove_whole
from slicer_cases import head_nodes
from slicer_widget_cases import finish, spin


def test_an_installation_that_the_worker_finds_incomplete_is_finished_once(loaded, monkeypatch):
    class Half(AverageRuntime):
        """Fails as a worker without one of its libraries does."""

        def start(self, folder, on_event):
            reported = {"message": "this Python lacks numpy", "kind": "ModuleNotFoundError", "missing": "numpy"}
            on_event({"event": "failed", **reported})
            self.code = 1
            return self

    repairs = []

    class Installer:
        def ensure(self, wheels="", *, proxy="", repair=None):
            repairs.append(repair)
            return True

    loaded.logic = PETMRFusionLogic(installer=Installer())
    monkeypatch.setattr(loaded.logic, "runtime", lambda python="": Half())
    loaded.ui.checkButton.click()
    finish(loaded)
    spin(lambda: loaded._running is None)
    assert repairs == [None, "numpy", None]  # there; installed again; tried once more, and then reported
    assert "lacks numpy" in loaded.ui.statusLabel.text


def test_reload_takes_the_library_too(loaded):
    """Reload in developer mode executes the file of the module again; what it imports must be new as well."""
    import PETMRFusion
    import PETMRFusionLib.logic

    before = sys.modules["PETMRFusionLib.logic"], sys.modules["PETMRFusion"]
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "PETMRFusionLib"}
    try:
        loaded.onReload()
        assert sys.modules["PETMRFusionLib.logic"] is not before[0]
        assert sys.modules["PETMRFusion"] is not before[1]
        again = sys.modules["PETMRFusion"].PETMRFusionWidget()
        again.setup()
        again.logic = sys.modules["PETMRFusionLib.logic"].PETMRFusionLogic(PythonRuntime(sys.executable))
        assert type(again.logic) is not PETMRFusionLib.logic.PETMRFusionLogic
        assert again.ui.mrSelector.currentNode() is not None
        again.cleanup()
        again.uiWidget.setMRMLScene(None)
    finally:
        sys.modules.update(kept)
        sys.modules["PETMRFusion"] = PETMRFusion


def test_a_fusion_that_the_user_removes_takes_its_hidden_nodes_along(scene):
    mr, pet = head_nodes(6.0)
    record.keep_tidy(scene)
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)  # made when it is first asked for
    count = scene.GetNumberOfNodes()
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet)
    hidden = [nodes.fused.GetNodeReference(role) for role in (record.TEXT, record.NO_DATA)]
    assert all(node is not None and node.GetHideFromEditors() for node in hidden)
    remove_whole(nodes.fused)
    assert [node.GetScene() for node in hidden] == [None, None]
    remove_whole(nodes.uptake)
    remove_whole(nodes.luminance)
    assert scene.GetNumberOfNodes() == count
