"""Compressed voxels are held against their checksums: one wrong bit changes thousands of voxels."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.color.readback import read_back
from coconet_med.errors import ReadError
from coconet_med.measure.slicer_segments import read_slicer_segments
from coconet_med.readers import read
from coconet_med.readers.frames import static_image
from coconet_med.readers.intact import check_intact, check_packed
from coconet_med.readers.nifti import read_nifti
from coconet_med.viewer.opening import read_color


def _volume() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 900, (16, 20, 24)).astype(np.float32)


def _write(path: Path) -> None:
    image = sitk.GetImageFromArray(_volume())
    if path.name.endswith(".mgz"):
        nib.save(nib.MGHImage(_volume(), np.eye(4)), path)
    else:
        sitk.WriteImage(image, str(path), useCompression=True)


@pytest.mark.parametrize("name", ["pet.nii.gz", "pet.nrrd", "pet.mha", "pet.mgz"])
def test_one_wrong_bit_is_noticed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _write(path)
    assert np.ptp(sitk.GetArrayFromImage(read(path, "function").image)) > 0
    good = path.read_bytes()
    for place in range(len(good) // 3, len(good) - 20, len(good) // 12):
        damaged = bytearray(good)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(ReadError, match=rf"{name}: .*(damaged|voxels are not|not a readable)"):
            read(path, "function")


def test_frames_of_a_time_series_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "pet.nii.gz"
    nib.save(nib.Nifti1Image(np.stack([_volume(), _volume()], -1), np.eye(4)), path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(ReadError, match="damaged"):
        static_image(path, tmp_path, dynamic="mean")


@pytest.mark.parametrize("size", [0, 1, 2**18, 2**22 - 1, 2**22, 2**22 + 1, 9_000_001])
def test_sound_data_of_any_size_pass(tmp_path: Path, size: int) -> None:
    path = tmp_path / "data"
    for data in (bytes(size), np.random.default_rng(size).bytes(size // 8)):
        one = gzip.compress(data, 1)
        for content in (one, one + one, one + bytes(9), one + b"more"):
            path.write_bytes(content)
            check_packed(path, [(path, 0)], "gzip")
        path.write_bytes(b"head" + zlib.compress(data, 1))
        check_packed(path, [(path, 4)], "zlib")


@pytest.mark.parametrize("packing", ["gzip", "zlib"])
def test_what_is_cut_or_changed_is_damaged(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "data"
    data = np.random.default_rng(1).bytes(5000) + bytes(2**23)
    good = gzip.compress(data) if packing == "gzip" else zlib.compress(data)
    for content in (good[:-1], good[: len(good) // 2], good[:-2] + b"xy"):
        path.write_bytes(content)
        with pytest.raises(ReadError, match="compressed voxels are damaged"):
            check_packed(path, [(path, 0)], packing)  # type: ignore[arg-type]


def test_voxels_inside_the_header_are_none(tmp_path: Path) -> None:
    path = tmp_path / "pet.nii"
    nib.save(nib.Nifti1Image(_volume(), np.eye(4)), path)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<f", raw, 108, 0.0)  # vox_offset
    path.write_bytes(raw)
    with pytest.raises(ReadError, match="voxels begin at byte 0"):
        read_nifti(path, "function")


@pytest.mark.parametrize("name", ["fused.nii.gz", "fused.mha", "labels.seg.nrrd"])
def test_files_that_another_library_reads_are_checked_as_well(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _write(path)
    check_intact(path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path.write_bytes(damaged)
    from_colors = partial(read_back, colormap="uptake", window=(0.0, 1.0))
    for use in (check_intact, read_color, from_colors, *([read_slicer_segments] if "seg" in name else [])):
        with pytest.raises(ReadError, match="compressed voxels are damaged"):
            use(path)  # type: ignore[operator]
