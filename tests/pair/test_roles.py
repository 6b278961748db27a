"""Images the wrong way round are found, by their values, names and modalities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.pair.roles import swapped_warnings
from coconet_med.phantom import head_phantom
from coconet_med.source import Source


@pytest.fixture(scope="module")
def head():
    return head_phantom(spacing=3.0)


def _source(image, name, **facts):
    return Source(image, name, **facts)


def test_the_images_show_that_they_are_swapped(head):
    mri, pet = _source(head.t1, "a.nii.gz"), _source(head.pet, "b.nii.gz")
    assert swapped_warnings(mri, pet) == ()
    (warning,) = swapped_warnings(pet, mri)
    assert "may be swapped, by what they show" in warning


def test_a_sharp_ct_as_function_is_not_called_swapped(head):
    rng = np.random.default_rng(0)
    ct = sitk.GetImageFromArray(rng.normal(0, 40, sitk.GetArrayViewFromImage(head.t1).shape) - 600)
    ct.CopyInformation(head.t1)
    smooth = sitk.SmoothingRecursiveGaussian(head.t1, 4.0)
    assert swapped_warnings(_source(smooth, "mri.nii.gz"), _source(ct, "ct.nii.gz")) == ()


def test_names_and_modalities_show_that_images_are_swapped(head):
    pet = _source(head.pet, "PET", modality="PT")
    named = _source(head.pet, "sub-01_pet.nii.gz", files=(Path("sub-01_pet.nii.gz"),))
    mri = _source(head.t1, "sub-01_T1w.nii.gz", files=(Path("sub-01_T1w.nii.gz"),))
    assert "by their names (sub-01_pet.nii.gz, sub-01_T1w.nii.gz)" in swapped_warnings(named, mri)[0]
    assert "by the DICOM modality (PT)" in swapped_warnings(pet, _source(head.t1, "mri.nii.gz"))[0]
