"""One click on Apply, and how a job ends: shown, canceled, refused, failed, or with the scene."""

from __future__ import annotations

import time
from pathlib import Path

import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import output, record
from PETMRFusionLib.jobs import JobFolder, Running
from PETMRFusionLib.logic import PETMRFusionLogic
from slicer_cases import head_nodes
from slicer_widget_cases import finish, picture_of, spin


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


def test_problems_are_asked_about_before_fusing_and_registration_settles_them(widget):
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
    assert "The alignment may be wrong" in asked[0]
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


def test_a_fall_back_is_reported(loaded):
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


def test_closing_the_scene_ends_the_worker_and_the_preview(loaded):
    loaded.ui.applyButton.click()
    task = loaded._running.task
    slicer.mrmlScene.Clear(0)
    assert loaded._running is None
    assert task.process.poll() is not None
    assert loaded.ui.applyButton.text == "Apply"
    assert not loaded.ui.applyButton.enabled


def test_leaving_the_module_lets_a_job_go_on(loaded):
    p = loaded._parameterNode
    loaded.ui.applyButton.click()
    loaded.exit()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    assert p.fusedVolume is not None
    loaded.enter()
