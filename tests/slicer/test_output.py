"""The fused volume as a DICOM series of the patient and study of the MRI."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pydicom
import pytest
import slicer
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from slicer.util import arrayFromVolume

from PETMRFusionLib import output, record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from slicer_cases import grid, volume

ORIENTATION = [0.96, 0.28, 0.0, -0.28, 0.96, 0.0]
ORIGIN, SPACING, STEP = np.array([-20.0, -24.0, 10.0]), (2.0, 1.5), 4.0  # rows, columns


def mri_series(folder: Path, values: np.ndarray) -> list[str]:
    """An oblique MR series, (k, j, i) whole numbers."""
    normal = np.cross(ORIENTATION[:3], ORIENTATION[3:])
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    files = []
    for k, plane in enumerate(values):
        ds = pydicom.Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = MRImageStorage, generate_uid(), "MR"
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom^Paula", "P-7", "", "O"
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = (
            "20250101",
            "0900",
            "1",
            "",
            "",
        )
        ds.SeriesNumber, ds.InstanceNumber, ds.SeriesDescription = 2, k + 1, "T1"
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        ds.ImagePositionPatient = [round(float(v), 6) for v in ORIGIN + k * STEP * normal]
        ds.ImageOrientationPatient, ds.PixelSpacing, ds.SliceThickness = ORIENTATION, list(SPACING), STEP
        ds.Rows, ds.Columns = plane.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
        ds.PixelData = plane.astype("<u2").tobytes()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = (
            ds.SOPClassUID,
            ds.SOPInstanceUID,
        )
        files.append(str(folder / f"{k}.dcm"))
        ds.save_as(files[-1], enforce_file_format=True)
    return files


def matrix_of_series(count: int, *, reversed_slices: bool = False) -> np.ndarray:
    """Voxel to RAS as Slicer's reader gives it."""
    row, column = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
    normal = np.cross(row, column)
    lps = np.eye(4)
    lps[:3, :3] = np.stack([row * SPACING[1], column * SPACING[0], normal * STEP], axis=1)
    lps[:3, 3] = ORIGIN
    if reversed_slices:
        lps[:3, 3] += (count - 1) * STEP * normal
        lps[:3, 2] *= -1
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps


@pytest.mark.parametrize("reversed_slices", [False, True])
def test_the_series_shows_the_fused_colors_at_their_places(scene, runtime, tmp_path, reversed_slices):
    """Also where Slicer holds the slices in the other order."""
    values = np.random.default_rng(0).integers(0, 900, (8, 24, 20))
    source = tmp_path / "mri"
    source.mkdir()
    files = mri_series(source, values)
    stored = values[::-1] if reversed_slices else values
    mr = volume("T1", stored.astype(np.float32), matrix_of_series(8, reversed_slices=reversed_slices))
    pet = volume("PET", np.random.default_rng(1).random((9, 12, 11), np.float32), grid((6, 6, 6), (-30, -30, 0)))
    fused = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet).fused
    written = PETMRFusionLogic(runtime).startExportDicom(fused, str(tmp_path / "out"), files).wait()
    assert len(written) == 8
    original = {tuple(np.round(pydicom.dcmread(f).ImagePositionPatient, 3)): k for k, f in enumerate(files)}
    colors = arrayFromVolume(fused)[::-1] if reversed_slices else arrayFromVolume(fused)
    seen = set()
    for file in written:
        ds = pydicom.dcmread(file)
        k = original[tuple(np.round(ds.ImagePositionPatient, 3))]
        seen.add(k)
        assert np.array_equal(ds.pixel_array, colors[k])
        assert (ds.PatientID, ds.PhotometricInterpretation) == ("P-7", "RGB")
        assert np.allclose(ds.ImageOrientationPatient, ORIENTATION)
    assert seen == set(range(8))
    assert ds.StudyInstanceUID == pydicom.dcmread(files[0]).StudyInstanceUID
    assert ds.SeriesInstanceUID != pydicom.dcmread(files[0]).SeriesInstanceUID


def test_the_files_are_found_in_slicers_dicom_database(scene, runtime, tmp_path, monkeypatch):
    values = np.random.default_rng(0).integers(0, 900, (6, 20, 20))
    files = mri_series(tmp_path, values)
    by_uid = {pydicom.dcmread(file).SOPInstanceUID: file for file in files}

    class Database:
        @staticmethod
        def fileForInstance(uid: str) -> str:
            return by_uid[uid]

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    mr = volume("T1", values.astype(np.float32), matrix_of_series(6))
    mr.SetAttribute("DICOM.instanceUIDs", " ".join(by_uid))
    pet = volume("PET", np.random.default_rng(1).random((9, 12, 11), np.float32), grid((6, 6, 6), (-30, -30, 0)))
    fused = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet).fused
    assert len(PETMRFusionLogic(runtime).startExportDicom(fused, str(tmp_path / "out")).wait()) == 6


def test_the_series_names_both_modalities_and_lists_both_sources(scene, runtime, tmp_path, monkeypatch):
    values = np.random.default_rng(0).integers(0, 900, (6, 20, 20))
    series = {}
    for kind in ("mri", "pet"):
        (tmp_path / kind).mkdir()
        series[kind] = mri_series(tmp_path / kind, values)
    other = generate_uid()
    for file in series["pet"]:
        ds = pydicom.dcmread(file)
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = pydicom.uid.PositronEmissionTomographyImageStorage
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.Modality, ds.SeriesInstanceUID = "PT", other
        ds.save_as(file)
    by_uid = {pydicom.dcmread(file).SOPInstanceUID: file for files in series.values() for file in files}
    database = types.SimpleNamespace(fileForInstance=by_uid.get, instanceValue=lambda uid, tag: "")
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    nodes = {"mri": volume("T1", values.astype(np.float32), matrix_of_series(6))}
    nodes["pet"] = volume(
        "FDG", np.random.default_rng(1).random((9, 12, 11), np.float32), grid((6, 6, 6), (-30, -30, 0))
    )
    for kind, node in nodes.items():
        node.SetAttribute("DICOM.instanceUIDs", " ".join(pydicom.dcmread(f).SOPInstanceUID for f in series[kind]))
    fused = PETMRFusionLogic(AverageRuntime()).fuse(nodes["mri"], nodes["pet"]).fused
    written = PETMRFusionLogic(runtime).startExportDicom(fused, str(tmp_path / "out")).wait()
    ds = pydicom.dcmread(written[0])
    assert "MR+PT" in ds.SeriesDescription
    named = {uid for kind in series for uid in [pydicom.dcmread(series[kind][0]).SeriesInstanceUID]}
    assert named <= {str(e.value) for e in ds.iterall() if e.VR == "UI" and e.VM == 1}


def test_a_written_series_is_added_to_slicers_dicom_database(monkeypatch):
    asked = []
    utils = types.SimpleNamespace(importDicom=lambda folder, database: asked.append((folder, database)) or True)
    monkeypatch.setitem(sys.modules, "DICOMLib", types.SimpleNamespace(DICOMUtils=utils))
    monkeypatch.setattr(slicer, "dicomDatabase", None, raising=False)
    assert not output.import_series("out")
    monkeypatch.setattr(slicer, "dicomDatabase", "database")
    assert output.import_series("out")
    assert asked == [("out", "database")]


def test_a_result_of_nobody_is_not_written(scene):
    mr = volume("T1", np.random.default_rng(0).random((6, 20, 20), np.float32), np.eye(4))
    pet = volume("PET", np.random.default_rng(1).random((6, 20, 20), np.float32), np.eye(4))
    logic = PETMRFusionLogic(AverageRuntime())
    fused = logic.fuse(mr, pet).fused
    with pytest.raises(ValueError, match="not loaded from DICOM"):
        logic.startExportDicom(fused, "out")
    assert record.read_record(mr) is None
    with pytest.raises(ValueError, match="apply the fusion first"):
        logic.startExportDicom(mr, "out")
