"""One image given twice is refused however it is given; swapped images are noticed; BIDS labels are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.errors import PairError
from coconet_med.pair.roles import swapped_warnings
from coconet_med.pair.same import same_voxels
from coconet_med.pair.sharpness import SWAPPED, blur_ratio
from coconet_med.phantom import head_phantom
from coconet_med.source import Source


@pytest.fixture(scope="module")
def head():
    return head_phantom(spacing=3.0)


@pytest.fixture
def files(head, tmp_path):
    sitk.WriteImage(head.t1, tmp_path / "t1.nii.gz")
    sitk.WriteImage(head.pet, tmp_path / "pet.nii.gz")
    return tmp_path


def _copy(path: Path) -> Path:
    return Path(shutil.copyfile(path, path.with_name("copy.nii.gz")))


def _link(path: Path) -> Path:
    link = path.with_name("link.nii.gz")
    link.symlink_to(path)
    return link


def _again(path: Path) -> Path:
    sitk.WriteImage(sitk.ReadImage(path), path.with_name("again.mha"))
    return path.with_name("again.mha")


def _rounded(path: Path) -> Path:
    image = sitk.Cast(sitk.RescaleIntensity(sitk.ReadImage(path), 0, 255), sitk.sitkUInt8)
    sitk.WriteImage(image, path.with_name("rounded.nrrd"))
    return path.with_name("rounded.nrrd")


def _turned(path: Path) -> Path:
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(path), "SAR"), path.with_name("turned.nii.gz"))
    return path.with_name("turned.nii.gz")


def _elsewhere(path: Path) -> Path:
    """The same voxels under another affine."""
    image = sitk.ReadImage(path)[::-1, :, :]
    image.SetOrigin((5.0, 6.0, 7.0))
    image.SetDirection(np.eye(3).ravel().tolist())
    sitk.WriteImage(image, path.with_name("elsewhere.nii.gz"))
    return path.with_name("elsewhere.nii.gz")


@pytest.mark.parametrize("way", [lambda p: p, _copy, _link, _again, _rounded, _turned, _elsewhere])
@pytest.mark.parametrize("name", ["t1.nii.gz", "pet.nii.gz"])
def test_one_image_given_twice_is_refused(name, way, files):
    with pytest.raises(PairError, match=r"same file|same voxels"):
        coconet_med.fuse(files / name, way(files / name), register="never")


def test_one_array_given_twice_is_refused(head):
    array = sitk.GetArrayFromImage(head.t1)
    with pytest.raises(PairError, match="same voxels"):
        coconet_med.fuse(array, 3.0 * array[::-1] + 7.0, spacing=(3, 3, 3), register="never")


def test_two_contrasts_of_one_head_are_two_images():
    head = head_phantom(spacing=3.0, with_t2=True)
    on_grid = sitk.Resample(head.pet, head.t1)
    for one, other in ((head.t1, head.t2), (head.t1, on_grid), (head.t2, on_grid)):
        assert not same_voxels(one, other)


def _source(image, name, **facts):
    return Source(image, name, **facts)


def test_the_images_show_that_they_are_swapped(head):
    mri, pet = _source(head.t1, "a.nii.gz"), _source(head.pet, "b.nii.gz")
    assert swapped_warnings(mri, pet) == ()
    (warning,) = swapped_warnings(pet, mri)
    assert "may be swapped, by what they show" in warning


def test_uptake_on_the_grid_of_the_mri_is_still_known_by_its_smoothness(head):
    on_grid = sitk.Resample(head.pet, head.t1)
    assert blur_ratio(head.t1, on_grid) < 1 < SWAPPED < blur_ratio(on_grid, head.t1)


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
