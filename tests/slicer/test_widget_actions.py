"""What the panel works with: models, programs, folders, the installation, and the sample data."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import slicer

from PETMRFusionLib import machine
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.runtime import PythonRuntime
from slicer_widget_cases import finish


class Refusing:
    """An installer that says no."""

    def __init__(self, answer: bool = False) -> None:
        self.answer, self.folders = answer, []

    def ensure(self, wheels: str = "", **options: object) -> bool:
        self.folders.append(wheels)
        return self.answer


def test_a_model_is_remembered_by_its_checksum(loaded, tmp_path, monkeypatch):
    import qt

    weights = tmp_path / "model.onnx"
    weights.write_bytes(b"weights")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *ignored: (str(weights), ""))
    loaded.ui.modelButton.click()
    p = loaded._parameterNode
    assert p.modelPath == str(weights)
    assert p.modelSha256 == hashlib.sha256(b"weights").hexdigest()
    assert p.modelSha256[:16] in loaded.ui.modelLabel.text
    known = p.modelSha256
    weights.write_bytes(b"other weights")
    loaded.exit()
    loaded.enter()  # binding the controls again must not take the changed file for the known one
    assert p.modelSha256 == known
    loaded.ui.modelEdit.text = ""
    assert p.modelSha256 == ""
    assert "light model" in loaded.ui.modelLabel.text


def test_folders_and_programs_can_be_chosen(loaded, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *ignored: sys.executable)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *ignored: "/wheels")
    loaded.ui.pythonButton.click()
    loaded.ui.wheelsButton.click()
    assert loaded.ui.pythonEdit.text == sys.executable
    assert machine.read(machine.WHEELS) == "/wheels"
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *ignored: "")
    loaded.ui.pythonButton.click()  # the dialog was closed
    assert loaded.python() == machine.read(machine.PYTHON) == sys.executable


def test_installing_is_asked_for_when_it_is_needed_and_not_before(loaded):
    refusing = Refusing()
    loaded.logic = PETMRFusionLogic(installer=refusing)
    loaded.ui.wheelsEdit.text = "/wheels"
    assert refusing.folders == []
    loaded.ui.applyButton.click()
    assert refusing.folders == ["/wheels"]
    assert loaded._running is None
    assert loaded.ui.applyButton.text == "Apply"


def test_the_chosen_python_does_the_work(loaded, monkeypatch):
    from PETMRFusionLib import logic as module

    asked = []

    def find(python: str) -> PythonRuntime:
        asked.append(python)
        return PythonRuntime(sys.executable, own=False)

    monkeypatch.setattr(module, "find_runtime", find)
    loaded.logic = PETMRFusionLogic(installer=Refusing())
    loaded.ui.pythonEdit.text = "/other/python"
    loaded.ui.checkButton.click()
    finish(loaded)
    assert asked == ["/other/python"]
    assert "Looks aligned" in loaded.ui.alignmentLabel.text


def test_sample_data_are_plain_files_with_names_and_thumbnails(scene, application, monkeypatch):
    """``downloadSample`` of a script ignores custom downloaders, so there are none."""
    import types
    from urllib.request import urlopen

    import PETMRFusion
    from PETMRFusionLib import sample

    offered = {}

    class SampleDataLogic:
        @staticmethod
        def registerCustomSampleDataSource(**source):
            offered[source["sampleName"]] = source

    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=SampleDataLogic))
    parent = types.SimpleNamespace()
    PETMRFusion.PETMRFusion(parent)
    assert parent.categories == ["Nuclear Medicine"]
    assert PETMRFusion.HOMEPAGE in parent.helpText
    slicer.app.slots["startupCompleted()"][-1]()
    assert list(offered) == list(sample.SAMPLES)
    for source in offered.values():
        assert "customDownloader" not in source
        assert Path(source["thumbnailFileName"]).is_file()
        assert len({len(source[name]) for name in ("uris", "fileNames", "nodeNames", "checksums")}) == 1
        for uri, check in zip(source["uris"], source["checksums"], strict=True):
            assert hashlib.sha256(urlopen(uri).read()).hexdigest() == check.removeprefix("SHA256:")
    nodes = []
    for uri in offered["Head: MRI and PET"]["uris"]:
        storage, node = slicer.vtkMRMLVolumeArchetypeStorageNode(), scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        storage.SetFileName(uri.removeprefix("file://"))
        assert storage.ReadData(node)
        nodes.append(node)
    assert PETMRFusionLogic(PythonRuntime(sys.executable)).startCheck(*nodes).wait()["problems"] == []
