"""One image given twice is found, whatever its form; two contrasts of one head are two images."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.errors import PairError
from coconet_med.pair.same import same_voxels
from coconet_med.phantom import head_phantom


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
