"""A scene is data: loading one starts nothing, and what was known of another scene is forgotten."""

from __future__ import annotations

import subprocess
import sys

import pytest
import slicer

from PETMRFusionLib import machine
from PETMRFusionLib.identity import state_of
from slicer_cases import head_nodes
from slicer_widget_cases import finish, spin


@pytest.fixture
def started(monkeypatch):
    """Every program that is started from now on."""
    programs: list[str] = []
    real = subprocess.Popen.__init__

    def note(self, command, *args, **options):
        programs.append(command if isinstance(command, str) else str(command[0]))
        real(self, command, *args, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    return programs


def rest() -> None:
    """Longer than any of the timers of the module."""
    import time

    end = time.monotonic() + 1.0
    spin(lambda: time.monotonic() > end)


@pytest.fixture
def foreign(tmp_path, loaded):
    """A scene file whose settings name a program, a folder of packages and a live preview; saved as MRML."""
    mark = tmp_path / "it-ran"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    program.chmod(0o755)
    node = loaded._parameterNode.parameterNode
    wished = {"pythonPath": str(program), "wheelFolder": str(tmp_path), "livePreview": "True"}
    for name, value in wished.items():
        node.SetParameter(name, value)
    scene = tmp_path / "foreign.mrml"
    volumes = [loaded._parameterNode.mrVolume, loaded._parameterNode.petVolume]
    for volume in volumes:
        path = str(tmp_path / f"{volume.GetName()}.nrrd")
        storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(path)
        storage.WriteData(volume)
        volume.SetAndObserveStorageNodeID(storage.GetID())
    slicer.mrmlScene.SetURL(str(scene))
    assert slicer.mrmlScene.Commit() != 0
    for name in wished:
        node.SetParameter(name, "")
    return scene, mark


@pytest.mark.parametrize("way", ["open", "add"])
def test_a_scene_that_names_a_program_starts_nothing(loaded, foreign, started, way):
    scene, mark = foreign
    slicer.mrmlScene.SetURL(str(scene))
    assert (slicer.mrmlScene.Connect if way == "open" else slicer.mrmlScene.Import)() != 0
    node = loaded._parameterNode.parameterNode
    assert node.GetParameter("pythonPath")  # the scene said it
    assert loaded._parameterNode.petVolume is not None
    rest()
    assert started == []
    assert not loaded.ui.previewCheckBox.checked
    assert loaded.ui.pythonEdit.text == "" == loaded.python()
    assert machine.read(machine.WHEELS) == ""
    loaded.ui.checkButton.click()  # the user's own click: with the user's own Python
    finish(loaded)
    assert started == [sys.executable]
    assert not mark.exists()


def test_a_scene_that_is_added_ends_a_preview_that_was_on(loaded, foreign, started):
    loaded.ui.previewCheckBox.checked = True
    spin(lambda: loaded._preview is not None and loaded._preview.ready is not None)
    started.clear()
    slicer.mrmlScene.SetURL(str(foreign[0]))
    slicer.mrmlScene.Import()
    rest()
    assert loaded._preview is None
    assert started == []


def test_the_next_scene_begins_unchecked_though_its_nodes_have_the_same_ids(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    ui.checkButton.click()
    finish(loaded)
    assert "Looks aligned" in ui.alignmentLabel.text
    known, before = loaded._checked, p.petVolume.GetID()
    slicer.mrmlScene.Clear(0)
    assert ui.alignmentLabel.text == "Not checked yet"
    mr, pet = head_nodes(6.0)
    loaded.initializeParameterNode()
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    assert pet.GetID() == before
    assert loaded._checked is None
    assert loaded.alignmentKey() != known
    assert state_of(None) is None


def test_the_layout_is_known_at_startup_and_after_a_scene(loaded, application):
    import types

    import PETMRFusion
    from PETMRFusionLib import display

    PETMRFusion.PETMRFusion(types.SimpleNamespace())
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    slicer.app.slots["startupCompleted()"][-2]()
    assert node.IsLayoutDescription(display.LAYOUT)
    slicer.mrmlScene.RemoveNode(node)
    layout = slicer.vtkMRMLLayoutNode()
    layout.SetSingletonTag("vtkMRMLLayoutNode")
    layout = slicer.mrmlScene.AddNode(layout)
    assert not layout.IsLayoutDescription(display.LAYOUT)
    slicer.mrmlScene.Clear(0)
    there = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert there is None or there.IsLayoutDescription(display.LAYOUT)


def test_pixels_on_disk_go_with_slicer(tmp_path):
    """A process that ends in the middle of a job leaves no folder behind."""
    from pathlib import Path

    import PETMRFusionLib.jobs as jobs

    code = (
        "import sys, types; sys.modules['slicer'] = types.ModuleType('slicer');"
        "sys.modules['slicer.i18n'] = types.SimpleNamespace(tr=str);"
        f"sys.path.insert(0, {str(Path(jobs.__file__).parents[1])!r});"
        "from PETMRFusionLib.jobs import JobFolder; import numpy;"
        "folder = JobFolder(); folder.volume('pet', numpy.ones((2, 2, 2)), numpy.eye(4)); print(folder.path)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    path = Path(done.stdout.strip())
    assert path.name.startswith("petmrfusion-")
    assert not path.exists()
