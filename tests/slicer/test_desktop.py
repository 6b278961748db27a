"""Risks of the desktop application, imitated: Python's lock held while it idles, slots that raise, Windows, reload."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import slicer

from PETMRFusionLib import jobs, record, runtime
from PETMRFusionLib.jobs import JobFolder, Running
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.process import NO_WINDOW, WorkerProcess
from PETMRFusionLib.runtime import PythonRuntime
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.volumes import remove_whole
from slicer_cases import head_nodes
from slicer_widget_cases import finish, spin


@pytest.mark.skipif(os.name == "nt", reason="usleep is of POSIX")
def test_events_arrive_although_the_idle_loop_holds_pythons_lock(runtime):
    """Slicer's event loop is C++ that does not let go of the lock; PyDLL calls do not either."""
    idle = ctypes.PyDLL(None).usleep
    folder, seen = JobFolder(), []
    folder.order("describe")
    running = Running(runtime, folder, JobFolder.facts, on_event=lambda event: seen.append(event["event"]))
    end = time.monotonic() + 60
    while running.poll():
        idle(30_000)
        assert time.monotonic() < end
    assert running.outcome == "done"
    assert seen == ["done"]
    assert "onnx" in str(running.value["engines"])


def test_nothing_of_the_module_needs_a_thread_of_its_own():
    """A thread of Python gets its turn only while Python runs, so nothing may wait for one."""
    library = Path(jobs.__file__).parent
    for file in library.glob("*.py"):
        assert "threading" not in file.read_text(encoding="utf-8"), file.name


def test_a_slot_that_raises_is_told_and_leaves_the_panel_usable(loaded, monkeypatch, caplog):
    """PythonQt prints what a slot raises and goes on: no control may be left as in the middle of a job."""
    loaded.logic = PETMRFusionLogic(AverageRuntime())
    loaded._checked = loaded.alignmentKey()

    def broken(nodes, looked_at):
        raise RuntimeError("no such view")

    monkeypatch.setattr(loaded, "onFused", broken)
    loaded.ui.applyButton.click()
    finish(loaded)
    slicer.app.processEvents()
    assert loaded.ui.statusLabel.text == "no such view"
    assert loaded.ui.applyButton.text == "Apply"
    assert loaded.ui.applyButton.enabled
    assert not loaded._jobTimer.isActive()
    assert not loaded.ui.progressBar.visible
    assert "no such view" in caplog.text
    monkeypatch.setattr(loaded.logic, "save", lambda *ignored: 1 / 0)
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *ignored: "x.nrrd")
    loaded.onSave()
    assert loaded.ui.statusLabel.text == "division by zero"


def test_an_installation_that_the_worker_finds_incomplete_is_finished_once(loaded, monkeypatch):
    class Half(AverageRuntime):
        """Fails as a worker without one of its libraries does."""

        def start(self, folder, on_event):
            told = {"message": "this Python lacks numpy", "kind": "ModuleNotFoundError", "missing": "numpy"}
            on_event({"event": "failed", **told})
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
    assert repairs == [None, "numpy", None]  # there; installed again; tried once more, and then told
    assert "lacks numpy" in loaded.ui.statusLabel.text


def test_ending_a_worker_opens_no_window_on_windows(tmp_path, monkeypatch):
    process = WorkerProcess([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
    seen = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: seen.append((command, options)))
    monkeypatch.setattr("PETMRFusionLib.process.os.name", "nt")
    process.kill()
    monkeypatch.undo()
    command, options = seen[0]
    assert command == ["taskkill", "/T", "/F", "/PID", str(process.process.pid)]
    assert options["creationflags"] == NO_WINDOW
    process.kill()
    while process.poll():
        time.sleep(0.01)


def test_slicers_own_python_is_found_by_its_place_and_not_by_path(scene, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    for folder in (other, tmp_path / "Slicer" / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "PythonSlicer").write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / "PythonSlicer").chmod(0o755)
    monkeypatch.setenv("PATH", str(other), prepend=os.pathsep)
    assert runtime.find_runtime().python == sys.executable
    monkeypatch.setattr(slicer.app, "slicerHome", str(tmp_path / "Slicer"))
    assert runtime.find_runtime().python == str(tmp_path / "Slicer" / "bin" / "PythonSlicer")


def test_workers_and_pixels_end_with_slicer(tmp_path):
    """A Slicer that ends in the middle of a job leaves neither a process nor a folder."""
    script = tmp_path / "slicer.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "import conftest\n"
        "from pathlib import Path\n"
        "from PETMRFusionLib.jobs import JobFolder\n"
        "from PETMRFusionLib.process import WorkerProcess\n"
        "folder = JobFolder()\n"
        "process = WorkerProcess([sys.executable, '-c', 'import time; time.sleep(60)'], folder.path)\n"
        "print(process.process.pid, folder.path, flush=True)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, encoding="utf-8", check=True)
    pid, folder = done.stdout.split()[-2:]
    assert not Path(folder).exists()
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_pixels_of_a_slicer_that_crashed_are_deleted_by_the_next(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    crashed, mine = tmp_path / f"petmrfusion-{gone.pid}-abc", tmp_path / f"petmrfusion-{os.getppid()}-abc"
    foreign = tmp_path / "petmrfusion-notes-1"
    for folder in (crashed, mine, foreign):
        folder.mkdir()
        (folder / "anatomy.npy").write_bytes(b"pixels")
    jobs.remove_orphans()
    assert not crashed.exists()
    assert mine.exists()
    assert foreign.exists()


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


def test_the_window_never_waits_for_a_large_volume(widget):
    """Writing orders, reading results, coloring anew: no piece is longer than 0.3 s of work, whatever the size."""
    from size import Heart, large_pair, until

    mr, pet = large_pair((128, 224, 224))
    ui, p = widget.ui, widget._parameterNode
    heart = Heart()

    class Elsewhere(AverageRuntime):
        """Works as in a process of its own: its time is not counted."""

        def start(self, folder, on_event):
            before = heart.since()
            try:
                return super().start(folder, on_event)
            finally:
                heart.skip()
                heart.longest = before

    widget.logic = PETMRFusionLogic(Elsewhere())
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    widget._checked = widget.alignmentKey()
    heart.since()
    ui.applyButton.click()
    waits = {"click": heart.since()}
    waits["apply"], _ = until(heart, lambda: widget._running is None and p.fusedVolume is not None)
    ui.strengthSlider.value = 0.4
    ui.thresholdSpinBox.value = 400.0
    waits["live"], _ = until(
        heart, lambda: widget._coloring is None and record.look_of(p.fusedVolume) == widget.wantedLook()
    )
    assert max(waits.values()) < 0.3, waits
