"""Volumes on disk: formats that other programs read, with exact colors and places."""

from __future__ import annotations

import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.result import FusionResult


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


@pytest.fixture
def flat(mean_model: Model) -> FusionResult:
    return coconet_med.fuse(*slice_pair(64), model=mean_model)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_colors_and_geometry_read_back_exactly(result: FusionResult, tmp_path: Path, suffix: str) -> None:
    result.save(tmp_path / f"fused{suffix}")
    back = sitk.ReadImage(str(tmp_path / f"fused{suffix}"))
    assert back.GetNumberOfComponentsPerPixel() == 3
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(result.color))
    assert np.allclose(back.GetOrigin(), result.color.GetOrigin(), atol=1e-4)
    assert np.allclose(back.GetDirection(), result.color.GetDirection(), atol=1e-6)
    assert np.allclose(back.GetSpacing(), result.color.GetSpacing(), atol=1e-5)


def test_nifti_color_is_rgb24_in_millimeters(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nii.gz")
    header = nib.load(tmp_path / "fused.nii.gz").header
    assert header["datatype"] == 128
    assert header.get_xyzt_units()[0] == "mm"
    assert header["sform_code"] == header["qform_code"] == 1


def test_the_same_voxels_give_the_same_compressed_file_whatever_its_name(result: FusionResult, tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        result.save(tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_it_is_one_member_for_readers_that_know_no_more(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nii.gz")
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert len(reader.decompress((tmp_path / "fused.nii.gz").read_bytes())) == 352 + 3 * np.prod(result.color.GetSize())
    assert reader.eof
    assert reader.unused_data == b""


def test_nrrd_says_that_the_first_axis_is_color(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nrrd")
    assert b"kinds: RGB-color domain domain domain" in (tmp_path / "fused.nrrd").read_bytes()[:1000]


def test_a_picture_can_be_written_as_a_volume(flat: FusionResult, tmp_path: Path) -> None:
    flat.save(tmp_path / "fused.nii.gz")
    assert sitk.ReadImage(str(tmp_path / "fused.nii.gz")).GetSize() == (64, 64, 1)
