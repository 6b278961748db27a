"""Spatial Registration objects: ours are valid and say where the images lie; those of others are obeyed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_phantom import uid
from registration_cases import TURN, registration_of, two_series

from coconet_med.errors import GeometryError, ReadError
from coconet_med.transform_files import read_transform

MOVE = np.vstack(
    [np.column_stack([np.array(TURN.GetMatrix()).reshape(3, 3), TURN.TransformPoint((0, 0, 0))]), [0.0, 0.0, 0.0, 1.0]]
)


@pytest.fixture(scope="module", params=["two frames of reference", "one frame of reference"])
def pair(request, tmp_path_factory):
    return two_series(tmp_path_factory.mktemp("study"), request.param)


@pytest.fixture
def written(pair, tmp_path) -> Path:
    return registration_of(pair, tmp_path)


def test_our_own_object_is_read_back(pair, written):
    found = read_transform(written, *pair)
    np.testing.assert_allclose(found.matrix, MOVE, atol=1e-6)
    assert found.kind == "DICOM Spatial Registration"


def test_an_object_in_the_frame_of_the_function_is_obeyed(pair, written, tmp_path):
    """Registered the other way: the object lies in the frame of the PET, and only the MR moves, in two steps."""
    ds = pydicom.dcmread(written)
    anatomy = ds.RegistrationSequence[0]
    if pair[0].frame_of_reference == pair[1].frame_of_reference:
        pytest.skip("needs two frames of reference")
    del anatomy.ReferencedImageSequence
    first, second = np.eye(4), np.eye(4)
    first[:3, 3], second[:3, :3] = MOVE[:3, :3].T @ MOVE[:3, 3], MOVE[:3, :3]
    step = anatomy.MatrixRegistrationSequence[0].MatrixSequence[0]
    other = pydicom.Dataset()
    other.FrameOfReferenceTransformationMatrixType = "RIGID"
    for item, matrix in ((step, first), (other, second)):
        item.FrameOfReferenceTransformationMatrix = [f"{value:.12g}" for value in matrix.ravel()]
    anatomy.MatrixRegistrationSequence[0].MatrixSequence = [step, other]
    ds.RegistrationSequence = [anatomy]
    ds.FrameOfReferenceUID = pair[1].frame_of_reference
    ds.save_as(tmp_path / "other.dcm")
    np.testing.assert_allclose(read_transform(tmp_path / "other.dcm", *pair).matrix, MOVE, atol=1e-6)


def test_an_object_about_other_images_is_refused(pair, written):
    stranger = replace(pair[1], frame_of_reference=uid("third frame"), dicom=None)
    if pair[0].frame_of_reference == pair[1].frame_of_reference:
        pytest.skip("needs two frames of reference")
    with pytest.raises(GeometryError, match="says nothing about"):
        read_transform(written, pair[0], stranger)


def test_another_dicom_object_is_named(pair):
    with pytest.raises(ReadError, match="modality MR, no Spatial Registration"):
        read_transform(pair[0].files[0], *pair)
