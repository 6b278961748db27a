"""Windows of the PET in its own units: presets, and SUV for values in Bq/ml by the DICOM header."""

from __future__ import annotations

import types
from pathlib import Path

import numpy as np
import pydicom
import pytest
import slicer
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import points_of, volume
from slicer_widget_cases import finish

#: 70 kg, 350 MBq of F-18 an hour before the scan: SUVbw of 1 Bq/ml, by hand.
FACTOR = 70e3 / (350e6 * 0.5 ** (3600 / 6586.2))


def pet_headers(folder: Path, **changes: object) -> list[str]:
    """A PET series of two slices."""
    files = []
    series, study = generate_uid(), generate_uid()
    for k in range(2):
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
        ds.Modality, ds.SeriesInstanceUID, ds.StudyInstanceUID = "PT", series, study
        ds.SeriesDate = ds.AcquisitionDate = ds.StudyDate = "20250101"
        ds.SeriesTime = ds.AcquisitionTime = "100000"
        ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
        ds.PatientWeight, ds.FrameReferenceTime, ds.ActualFrameDuration = 70, 0, 600000
        tracer = Dataset()
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 350e6, 6586.2
        tracer.RadiopharmaceuticalStartTime = "090000"
        ds.RadiopharmaceuticalInformationSequence = [tracer]
        ds.Rows = ds.Columns = 2
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
        ds.PhotometricInterpretation, ds.RescaleSlope, ds.RescaleIntercept = "MONOCHROME2", 1, 0
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 4 * k], [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [4, 4], 4
        ds.PixelData = np.zeros((2, 2), "<u2").tobytes()
        for name, value in changes.items():
            setattr(ds, name, value)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        files.append(str(folder / f"{k}.dcm"))
        ds.save_as(files[-1], enforce_file_format=True)
    return files


@pytest.fixture
def from_dicom(loaded, tmp_path, monkeypatch):
    """Lets the PET of the panel come from DICOM files in Bq/ml."""

    def load(**changes: object):
        files = pet_headers(tmp_path, **changes)
        headers = {str(number): pydicom.dcmread(file) for number, file in enumerate(files)}

        def value(uid: str, tag: str) -> str:
            found = headers[uid].get(tuple(int(part, 16) for part in tag.split(","))) if uid in headers else None
            return str(found.value) if found is not None else ""

        known = types.SimpleNamespace(
            fileForInstance=lambda uid: files[int(uid)] if uid in headers else "", instanceValue=value
        )
        monkeypatch.setattr(slicer, "dicomDatabase", known, raising=False)
        loaded._parameterNode.petVolume.SetAttribute("DICOM.instanceUIDs", " ".join(headers))
        loaded.onParametersChanged()
        return loaded

    return load


def test_an_suv_window_for_values_in_becquerels_is_in_becquerels(from_dicom):
    panel = from_dicom()
    ui, p = panel.ui, panel._parameterNode
    assert ui.thresholdUnitsLabel.text == "Bq/ml"
    assert ui.suvButton.enabled
    ui.suvButton.click()
    finish(panel)
    assert not p.robustWindow
    assert (p.windowLow, p.windowUnits) == (0.0, "Bq/ml")
    assert p.windowHigh == pytest.approx(6 / FACTOR, rel=1e-4)
    assert "SUV 0 to 6" in ui.noticeLabel.text
    assert f"{1 / FACTOR:.5g} Bq/ml are SUVbw 1" in ui.noticeLabel.text
    ui.presetComboBox.activated.emit(1)  # SUV 0 to 10
    finish(panel)
    assert p.windowHigh == pytest.approx(10 / FACTOR, rel=1e-4)
    panel.logic = PETMRFusionLogic(AverageRuntime())
    panel._checked = panel.alignmentKey()
    ui.applyButton.click()
    finish(panel)
    facts = record.read_record(p.fusedVolume)
    assert (facts.units, facts.window) == ("Bq/ml", (p.windowLow, p.windowHigh))
    assert "Bq/ml" in ui.legendTextLabel.text


def test_the_scale_of_one_pet_is_never_used_for_another(from_dicom):
    panel = from_dicom()
    p = panel._parameterNode
    panel.ui.suvButton.click()
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    slicer.util.updateVolumeFromArray(other, arrayFromVolume(p.petVolume).copy())
    panel.ui.petSelector.setCurrentNode(other)
    finish(panel)
    assert p.robustWindow


def test_a_header_that_allows_no_suv_says_why(from_dicom):
    panel = from_dicom(PatientWeight=0)
    panel.ui.suvButton.click()
    finish(panel)
    assert panel._parameterNode.robustWindow
    assert "no SUV" in panel.ui.statusLabel.text
    assert "--" not in panel.ui.statusLabel.text


def test_becquerels_without_a_header_have_no_suv_button(loaded):
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning("Bq/ml", "UCUM", "Becquerels/milliliter")
    loaded._parameterNode.petVolume.SetVoxelValueUnits(entry)
    assert not loaded.ui.suvButton.enabled
    assert "no DICOM header says how to convert them" in loaded.ui.windowReasonLabel.text


def test_other_presets_are_numbers_of_the_volume(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    top = float(arrayFromVolume(p.petVolume).max())
    ui.presetComboBox.activated.emit(4)  # 0 to 70 % of the maximum
    assert (p.windowLow, p.windowHigh) == (0.0, pytest.approx(0.7 * top))
    assert not p.robustWindow
    ui.presetComboBox.activated.emit(3)  # SUVR 0 to 2.5
    assert (p.windowLow, p.windowHigh) == (0.0, 2.5)
    assert ui.presetComboBox.currentIndex == 0


def test_a_ct_is_shown_in_its_own_windows(scene, runtime):
    """PET over CT: what is on the CT decides, or the name that was chosen; a window of CT is refused for an MRI."""
    from PETMRFusionLib.jobs import FusionError
    from slicer_cases import head_nodes

    mr, pet = head_nodes(6.0)
    values = arrayFromVolume(mr)
    head = values > 0.05 * values.max()
    values[:] = np.where(head, 40 + 30 * values / values.max(), -1000)
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning("[hnsf'U]", "UCUM", "Hounsfield unit")
    mr.SetVoxelValueUnits(entry)
    logic, given = PETMRFusionLogic(runtime), {"engine": "onnx", "device": "cpu"}
    windows = {}
    for name in ("auto", "bone"):
        nodes = logic.fuse(mr, pet, settings=FusionSettings(anatomy_window=name, **given))
        windows[name] = record.read_record(nodes.fused).anatomy_window
    assert windows == {"auto": (-160, 240), "bone": (-500, 1500)}
    values[:] = np.where(head, 500, 0)
    mr.SetVoxelValueUnits(None)
    with pytest.raises(FusionError, match="not in HU"):
        logic.fuse(mr, pet, settings=FusionSettings(anatomy_window="lung", **given))


def database(monkeypatch, **tags: str) -> None:
    """A DICOM database that knows one instance."""
    names = {"units": "0054,1001", "kind": "0054,1006"}
    known = {names[name]: value for name, value in tags.items()}
    answers = types.SimpleNamespace(
        instanceValue=lambda uid, tag: known.get(tag, "") if uid == "1.2.3" else "", fileForInstance=lambda uid: ""
    )
    monkeypatch.setattr(slicer, "dicomDatabase", answers, raising=False)


def second_pet(widget, name: str = "amyloid PET"):
    pet = widget._parameterNode.petVolume
    values = arrayFromVolume(pet)
    return volume(name, (values.max() - values).astype(np.float32), points_of(pet))


def test_a_window_in_suv_is_not_used_for_becquerels(loaded, monkeypatch):
    ui, p = loaded.ui, loaded._parameterNode
    database(monkeypatch, units="BQML")
    ui.suvButton.click()
    assert not p.robustWindow
    other = second_pet(loaded)
    other.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    ui.petSelector.setCurrentNode(other)
    assert p.robustWindow
    assert "Bq/ml" in ui.noticeLabel.text
    assert not ui.suvButton.enabled
    assert "Bq/ml, not in SUV" in ui.suvButton.toolTip
