"""Names of BIDS subjects that differ are a warning."""

from __future__ import annotations

import shutil

import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.phantom import head_phantom


@pytest.fixture(scope="module")
def head():
    return head_phantom(spacing=3.0)


@pytest.fixture
def files(head, tmp_path):
    sitk.WriteImage(head.t1, tmp_path / "t1.nii.gz")
    sitk.WriteImage(head.pet, tmp_path / "pet.nii.gz")
    return tmp_path


@pytest.mark.parametrize(
    ("anatomy", "function", "warned"),
    [
        ("sub-01/anat/sub-01_T1w.nii.gz", "sub-01/pet/sub-01_pet.nii.gz", False),
        ("sub-01/anat/sub-01_T1w.nii.gz", "sub-02/pet/sub-02_pet.nii.gz", True),
        ("sub-01/t1.nii.gz", "sub-02/pet.nii.gz", True),
        ("sub-01/anat/sub-02_T1w.nii.gz", "sub-01/pet/sub-01_pet.nii.gz", True),
        ("sub-01/t1.nii.gz", "pet.nii.gz", False),
    ],
)
def test_two_bids_subjects_are_a_warning(anatomy, function, warned, files):
    for source, target in (("t1.nii.gz", anatomy), ("pet.nii.gz", function)):
        (files / "ds" / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files / source, files / "ds" / target)
    result = coconet_med.fuse(files / "ds" / anatomy, files / "ds" / function, register="never")
    assert any("two BIDS subjects" in warning for warning in result.warnings) == warned
