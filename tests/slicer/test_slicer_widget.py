"""The widget, driven control by control on PySide6 with stand-ins for Qt in Slicer; the logic and MRML are real."""

from __future__ import annotations

import hashlib
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import display, machine, output, record
from PETMRFusionLib.jobs import JobFolder, Running
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.runtime import PythonRuntime
from slicer_cases import head_nodes, volume

#: Where the pictures of the widget go, to be looked at.
PICTURES = Path(__file__).resolve().parents[2] / ".venv-slicer-pictures"


class Refusing:
    """An installer that says no."""

    def __init__(self, answer: bool = False) -> None:
        self.answer, self.folders = answer, []

    def ensure(self, wheels: str = "", **options: object) -> bool:
        self.folders.append(wheels)
        return self.answer


@pytest.fixture
def widget(scene, application, runtime):
    import PETMRFusion

    made = PETMRFusion.PETMRFusionWidget()
    made.setup()
    made.logic = PETMRFusionLogic(runtime)
    made.enter()
    made.parent.resize(460, 1000)
    made.parent.show()
    yield made
    made.cleanup()
    made.uiWidget.setMRMLScene(None)
    made.parent.close()
    slicer.util.confirmYesNoDisplay = no_question


def no_question(*ignored: object) -> bool:
    raise AssertionError("a dialog that no test expects")


slicer.util.confirmYesNoDisplay = no_question


@pytest.fixture
def loaded(widget):
    """The widget with the head chosen."""
    mr, pet = head_nodes(6.0)
    widget.ui.mrSelector.setCurrentNode(mr)
    widget.ui.petSelector.setCurrentNode(pet)
    widget.ui.engineComboBox.currentIndex = 1  # onnx
    widget.ui.deviceComboBox.currentIndex = 1  # cpu
    return widget


def spin(condition, seconds: float = 60.0) -> None:
    """Let the application run until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        slicer.app.processEvents()
        time.sleep(0.005)


def finish(widget) -> None:
    spin(lambda: widget._running is None)


def picture_of(widget, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    slicer.app.processEvents()
    widget.parent.grab().save(str(PICTURES / f"{name}-{version('slicer-core')}.png"))


def test_every_class_of_the_ui_file_is_known(widget):
    from qt_bridge import UiLoader

    assert set(UiLoader.unknown) <= {"Line"}


def test_apply_waits_for_two_different_volumes(widget):
    ui, mr_pet = widget.ui, head_nodes(6.0)
    ui.mrSelector.setCurrentNode(mr_pet[0])
    ui.petSelector.setCurrentNode(None)
    assert not ui.applyButton.enabled
    assert "Select the PET/SPECT" in ui.applyButton.toolTip
    ui.mrSelector.setCurrentNode(mr_pet[0])
    ui.petSelector.setCurrentNode(mr_pet[0])
    assert "the same volume" in ui.applyButton.toolTip
    ui.petSelector.setCurrentNode(mr_pet[1])
    assert ui.applyButton.enabled
    for name in ("showButton", "qualityButton", "saveButton", "dicomButton", "sequenceButton"):
        assert not getattr(ui, name).enabled, name


def test_color_volumes_are_not_offered_as_inputs(widget):
    volume("colors", np.zeros((2, 2, 2, 3), np.uint8), np.eye(4), "vtkMRMLVectorVolumeNode")
    volume("labels", np.zeros((2, 2, 2), np.uint8), np.eye(4), "vtkMRMLLabelMapVolumeNode")
    for selector in (widget.ui.mrSelector, widget.ui.petSelector):
        offered = {selector.itemText(n) for n in range(selector.count)}
        assert not offered & {"colors", "labels"}


def test_every_bound_control_reaches_the_parameter_node_and_back(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    checks = [
        ("strengthSlider", "value", 0.35, "strength", 0.35),
        ("robustCheckBox", "checked", False, "robustWindow", False),
        ("windowLowSpinBox", "value", 0.5, "windowLow", 0.5),
        ("windowHighSpinBox", "value", 7.5, "windowHigh", 7.5),
        ("colormapComboBox", "currentIndex", 5, "colormap", "hot-metal"),
        ("paletteComboBox", "currentIndex", 2, "palette", "PET-Heat"),
        ("planeComboBox", "currentIndex", 3, "plane", "sagittal"),
        ("engineComboBox", "currentIndex", 3, "engine", "torch"),
        ("deviceComboBox", "currentIndex", 2, "device", "cuda"),
        ("modelEdit", "text", "/x/model.pt", "modelPath", "/x/model.pt"),
    ]
    for control, attribute, value, field, wanted in checks:
        setattr(getattr(ui, control), attribute, value)
        assert getattr(p, field) == wanted, control
    p.strength, p.colormap, p.modelPath, p.robustWindow = 0.8, "ember", "", True
    assert ui.strengthSlider.value == pytest.approx(0.8)
    assert ui.colormapComboBox.currentText == "ember"
    assert ui.modelEdit.text == ""
    assert ui.robustCheckBox.checked
    p.registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    assert ui.registrationSelector.currentNode() is p.registration
    assert {p.mrVolume.GetName(), p.petVolume.GetName()} == {"head MRI", "head PET"}
    bound = {w.property("SlicerParameterName") for w in vars(ui).values()} - {None}
    assert bound == set(p.allParameters) - {"modelSha256", "windowUnits"}


def test_the_window_can_be_typed_only_where_it_is_not_robust(loaded):
    ui = loaded.ui
    assert not ui.windowHighSpinBox.enabled
    ui.suvButton.click()
    assert (loaded._parameterNode.windowLow, loaded._parameterNode.windowHigh) == (0, 6)
    assert not ui.robustCheckBox.checked
    assert ui.windowHighSpinBox.enabled
    ui.windowLowSpinBox.value = 9.0
    assert not ui.applyButton.enabled
    assert "lower value" in ui.applyButton.toolTip


def test_apply_checks_fuses_and_shows(loaded):
    """One click: alignment, progress, Cancel while it runs, colors, linked views, legend."""
    ui, p = loaded.ui, loaded._parameterNode
    seen: list[str] = []
    ui.applyButton.click()
    assert ui.applyButton.text == "Cancel"
    assert ui.progressBar.visible
    assert not ui.checkButton.enabled

    def over() -> bool:
        seen.append(ui.statusLabel.text)
        return loaded._running is None and p.fusedVolume is not None

    spin(over)
    assert any(text.startswith("Fusing slices: ") for text in seen)
    assert "Looks aligned" in ui.alignmentLabel.text
    assert ui.applyButton.text == "Apply"
    assert not ui.progressBar.visible
    fused = p.fusedVolume
    assert arrayFromVolume(fused).std() > 10
    assert slicer.app.layouts.view("FusionColor").GetSliceCompositeNode().GetBackgroundVolumeID() == fused.GetID()
    uptake = fused.GetNodeReference(record.UPTAKE)
    assert uptake.GetDisplayNode().GetColorNodeID().endswith("PET-DICOM")
    assert slicer.modules.colors.logic().GetColorLegendDisplayNode(uptake).GetVisibility()
    assert not ui.legendLabel.pixmap.isNull()
    assert "relative" in ui.legendTextLabel.text
    for name in ("showButton", "qualityButton", "saveButton", "fociButton", "viewerButton"):
        assert getattr(ui, name).enabled, name
    assert not ui.dicomButton.enabled
    assert "was not loaded from DICOM" in ui.outputsReasonLabel.text
    picture_of(loaded, "widget-fused")
    # Fused again: the same node, and no second check of an alignment that is known.
    ui.applyButton.click()
    spin(lambda: loaded._running is None)
    assert p.fusedVolume is fused
    shown = slicer.app.layouts.view("FusionMRI").GetSliceCompositeNode()
    shown.SetBackgroundVolumeID(None)
    ui.showButton.click()
    assert shown.GetBackgroundVolumeID() == p.mrVolume.GetID()
    ui.paletteComboBox.currentIndex = 2
    assert uptake.GetDisplayNode().GetColorNodeID().endswith("PET-Heat")
    ui.robustCheckBox.checked = False
    ui.windowHighSpinBox.value = 3.0
    assert uptake.GetDisplayNode().GetWindowLevelMax() == 3.0


def test_the_slider_colors_anew_without_a_worker(loaded, monkeypatch):
    ui, p = loaded.ui, loaded._parameterNode
    ui.applyButton.click()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    full = arrayFromVolume(p.fusedVolume).copy()
    monkeypatch.setattr(loaded.logic, "runtime", lambda python="": pytest.fail("the network ran again"))
    ui.strengthSlider.value = 0.0
    spin(lambda: p.fusedVolume.GetAttribute(record.STRENGTH) == "0", 5)
    gray = arrayFromVolume(p.fusedVolume)
    assert (gray == gray[..., :1]).all()
    ui.strengthSlider.value = 1.0
    spin(lambda: p.fusedVolume.GetAttribute(record.STRENGTH) == "1", 5)
    assert np.array_equal(arrayFromVolume(p.fusedVolume), full)


def test_cancel_in_the_widget_ends_within_a_second(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    count = slicer.mrmlScene.GetNumberOfNodes()
    ui.applyButton.click()
    spin(lambda: loaded._running is None or "Fusing" in ui.statusLabel.text or "Starting" in ui.statusLabel.text)
    start = time.monotonic()
    ui.applyButton.click()
    finish(loaded)
    assert time.monotonic() - start < 1.0
    assert ui.statusLabel.text == "Canceled"
    assert ui.applyButton.text == "Apply"
    assert p.fusedVolume is None
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_doubts_are_asked_about_before_fusing_and_registration_settles_them(widget):
    ui, p = widget.ui, widget._parameterNode
    mr, pet = head_nodes(misalign=((0.0, 0.0, 8.0), (22.0, -12.0, 6.0)))
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    p.engine = "onnx"
    asked: list[str] = []
    slicer.util.confirmYesNoDisplay = lambda text, *ignored: bool(asked.append(text))  # says no
    ui.applyButton.click()
    finish(widget)
    assert len(asked) == 1
    assert "The alignment is in doubt" in asked[0]
    assert ui.alignmentLabel.text.startswith("WARNING")
    assert "mutual information" in ui.alignmentLabel.text
    assert "bold" in ui.alignmentLabel.styleSheet
    assert p.fusedVolume is None
    picture_of(widget, "widget-warning")
    ui.registerButton.click()
    finish(widget)
    assert p.registration is not None
    assert ui.alignmentLabel.text.startswith("Registered: moved by")
    ui.applyButton.click()
    spin(lambda: widget._running is None and p.fusedVolume is not None)
    assert len(asked) == 1
    assert p.fusedVolume.GetAttribute(record.REGISTRATION) == p.registration.GetName()
    ui.registrationSelector.setCurrentNode(None)
    assert ui.alignmentLabel.text == "Not checked yet"
    ui.checkButton.click()
    finish(widget)
    assert ui.alignmentLabel.text.startswith("WARNING")


def test_the_preview_follows_the_slice_and_the_settings(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    display.show_side_by_side(p.mrVolume, p.petVolume, None)
    view = slicer.app.layouts.view("FusionColor")
    view.GetSliceCompositeNode().SetBackgroundVolumeID(p.mrVolume.GetID())
    view.FitSliceToBackground()
    ui.previewCheckBox.checked = True
    spin(lambda: loaded._previewNode is not None and loaded._previewNode.GetImageData() is not None)
    shown = loaded._previewNode
    assert view.GetSliceCompositeNode().GetForegroundVolumeID() == shown.GetID()
    assert shown.GetHideFromEditors()
    assert not shown.GetSaveWithScene()
    first, worker = loaded._preview.newest, loaded._preview
    view.GetSliceNode().JumpSliceByOffsetting(0, 0, 24)
    spin(lambda: worker.newest not in (None, first))
    assert worker.requests == 2
    colors = arrayFromVolume(shown).copy()
    ui.strengthSlider.value = 0.2
    spin(lambda: not np.array_equal(arrayFromVolume(shown), colors), 5)
    assert worker.requests == 2  # the network did not run again
    ui.colormapComboBox.currentIndex = 1
    spin(lambda: loaded._preview is not None and loaded._preview is not worker and loaded._preview.newest is not None)
    ui.previewCheckBox.checked = False
    spin(lambda: loaded._preview is None, 5)
    assert shown.GetScene() is None


def test_quality_save_and_dicom_buttons(loaded, tmp_path, monkeypatch):
    import qt

    ui, p = loaded.ui, loaded._parameterNode
    ui.applyButton.click()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    ui.qualityButton.click()
    finish(loaded)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1
    assert "Quality figures" in ui.statusLabel.text
    target = str(tmp_path / "fused.nrrd")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *ignored: target)  # PythonQt gives the path alone
    ui.saveButton.click()
    assert Path(target).is_file()
    assert "Saved" in ui.statusLabel.text
    asked = []
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *ignored: str(tmp_path))
    monkeypatch.setattr(output, "check_dicom", lambda *ignored: ["mr.dcm"])  # as if the MRI came from DICOM
    loaded.onParametersChanged()

    def export(fused, folder, **options):
        asked.append(folder)
        folder = JobFolder()
        folder.order("describe")
        return Running(loaded.logic.runtime(), folder, lambda results: ["a", "b"])

    monkeypatch.setattr(loaded.logic, "startExportDicom", export)
    ui.dicomButton.click()
    finish(loaded)
    assert asked[0].startswith(str(tmp_path))
    assert ui.statusLabel.text == "Wrote 2 DICOM files"


def test_a_dynamic_pet_is_fused_by_its_button(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    for number in range(2):
        frames.SetDataNodeAtValue(p.petVolume, str(number))
    ui.sequenceSelector.setCurrentNode(frames)
    assert ui.sequenceButton.enabled
    ui.sequenceButton.click()
    finish(loaded)
    assert slicer.mrmlScene.GetFirstNodeByName("dynamic fused").GetNumberOfDataNodes() == 2
    assert slicer.app.layouts.view("FusionColor").GetSliceCompositeNode().GetBackgroundVolumeID()


def test_a_fall_back_is_told(loaded):
    """The worker says that memory ran out; the job goes on, and the words stay."""
    from PETMRFusionLib.selftest import AverageRuntime

    class ShortOfMemory(AverageRuntime):
        def start(self, folder, on_event):
            on_event({"event": "fallback", "to": "cpu", "reason": "CUDA out of memory"})
            return super().start(folder, on_event)

    loaded.logic = PETMRFusionLogic(ShortOfMemory())
    loaded._checked = loaded.alignmentKey()
    loaded.ui.applyButton.click()
    finish(loaded)
    assert loaded._parameterNode.fusedVolume is not None
    assert loaded.ui.noticeLabel.text == "Memory ran out; going on with cpu"


def test_a_failure_is_shown_in_words_and_the_widget_goes_on(loaded):
    loaded.ui.modelEdit.text = "/nowhere/model.onnx"
    loaded.ui.checkButton.click()
    finish(loaded)
    loaded.ui.applyButton.click()
    finish(loaded)
    assert "no such file" in loaded.ui.statusLabel.text
    assert loaded.ui.applyButton.enabled


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


def test_closing_the_scene_ends_the_worker_and_the_preview(loaded):
    loaded.ui.applyButton.click()
    task = loaded._running.task
    slicer.mrmlScene.Clear(0)
    assert loaded._running is None
    assert task.process.poll() is not None
    assert loaded.ui.applyButton.text == "Apply"
    assert not loaded.ui.applyButton.enabled


def test_settings_are_found_again_by_a_new_widget(loaded):
    import PETMRFusion

    loaded.ui.strengthSlider.value = 0.4
    loaded.ui.colormapComboBox.currentIndex = 1
    other = PETMRFusion.PETMRFusionWidget()
    other.setup()
    assert other.ui.strengthSlider.value == pytest.approx(0.4)
    assert other.ui.colormapComboBox.currentText == "ember"
    assert other.ui.mrSelector.currentNode() is loaded.ui.mrSelector.currentNode()
    other.cleanup()
    other.uiWidget.setMRMLScene(None)


def test_leaving_the_module_lets_a_job_go_on(loaded):
    p = loaded._parameterNode
    loaded.ui.applyButton.click()
    loaded.exit()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    assert p.fusedVolume is not None
    loaded.enter()


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
    assert PETMRFusionLogic(PythonRuntime(sys.executable)).startCheck(*nodes).wait()["doubts"] == []
