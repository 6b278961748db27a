"""The worker of the Slicer module refuses images of two patients, and writes none into the study of either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "slicer_module" / "PETMRFusion" / "Scripts" / "fuse_worker.py"
from dicom_phantom import classic  # noqa: E402


def _work(job: Path, /, **orders: object) -> tuple[int, list[dict]]:
    (job / "job.json").write_text(json.dumps(orders), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(WORKER), str(job)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def series(tmp_path):
    """One file of the MRI of P-1, one of a PET of P-2, and one of a PET of P-1."""
    for name, modality, patient in (("mr", "MR", "P-1"), ("theirs", "PT", "P-2"), ("own", "PT", "P-1")):
        classic(tmp_path / name, modality, series=name, edit=lambda ds, k, p=patient: setattr(ds, "PatientID", p))
    return {name: str(min((tmp_path / name).iterdir())) for name in ("mr", "theirs", "own")}


def _fuse(folder: Path, **orders: object) -> tuple[int, list[dict]]:
    rng = np.random.default_rng(0)
    volumes = []
    for name in ("mr", "pet"):
        np.save(folder / f"{name}.npy", rng.random((4, 24, 20), np.float32))
        volumes.append({"array": f"{name}.npy", "ijk_to_ras": np.diag([2, 2, 5, 1]).tolist(), "name": name})
    orders = {"task": "fuse", **orders}
    common = {"anatomy": volumes[0], "frames": [volumes[1]], "window": [0, 1], "plane": "auto"}
    return _work(folder, **common, colormap="uptake", model="light", engine="auto", device="auto", **orders)


def test_images_of_two_patients_are_refused(series, tmp_path):
    code, events = _fuse(tmp_path, dicom_headers=[series["mr"], series["theirs"]])
    assert code == 1
    assert "are of different patients: Patient ID differs" in events[-1]["message"]
    assert "different-patients" not in events[-1]["message"]  # the panel asks; it has no options
    assert events[-1]["kind"] == "DifferentPatientsError"
    assert not (tmp_path / "result").exists()


@pytest.mark.parametrize(("other", "accepted", "warned"), [("own", False, False), ("theirs", True, True)])
def test_images_of_one_patient_are_fused_and_of_two_where_asked(other, accepted, warned, series, tmp_path):
    code, events = _fuse(tmp_path, dicom_headers=[series["mr"], series[other]], different_patients=accepted)
    assert code == 0, events
    warnings = json.loads((tmp_path / "result" / "facts.json").read_text(encoding="utf-8"))["frames"][0]["warnings"]
    assert any("different patients" in warning for warning in warnings) == warned
    assert not any("--" in warning for warning in warnings)


def test_the_preview_of_two_patients_is_refused_as_well(series, tmp_path):
    code, events = _fuse(tmp_path, dicom_headers=[series["mr"], series["theirs"]], task="preview")
    assert code == 1
    assert "are of different patients" in events[-1]["message"]


@pytest.mark.parametrize(("other", "own_study"), [("own", False), ("theirs", True)])
def test_a_dicom_series_of_two_patients_lies_in_a_study_of_its_own(other, own_study, series, tmp_path):
    np.save(tmp_path / "fused.npy", np.zeros((6, 10, 12, 3), np.uint8))
    matrix = np.diag([-1.25, -1.5, 2.0, 1.0])
    matrix[:3, 3] = (8.0, 9.5, 20.25)
    code, events = _work(
        tmp_path,
        task="dicom",
        fused={"array": "fused.npy", "ijk_to_ras": matrix.tolist(), "name": "fused"},
        anatomy_dicom=str(tmp_path / "mr"),
        function={"name": "PET", "units": "Bq/ml"},
        function_dicom=series[other],
        provenance={"model": "light"},
        folder=str(tmp_path / "out"),
    )
    assert code == 0, events
    made = pydicom.dcmread(min((tmp_path / "out").iterdir()))
    source = pydicom.dcmread(series["mr"])
    assert (made.StudyInstanceUID != source.StudyInstanceUID) == own_study
    assert (made.PatientID != source.PatientID) == own_study
