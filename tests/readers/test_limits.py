"""Memory follows the file, not its promise; and voxels are read from beside their header, from regular files only."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from coconet_med.errors import OptionError, ReadError
from coconet_med.readers import limits, read

RNG = np.random.default_rng(7)


MIB = 1 / 1024


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits a thousandth of what they are, so that no test needs much memory to show that none is taken."""
    for name in ("DEFAULT_GIB", "FREE_BYTES", "COUNTED_BYTES"):
        monkeypatch.setattr(limits, name, getattr(limits, name) / 1024)


def peak_of(path: Path, role: str = "anatomy", **options: float) -> tuple[int, str]:
    """Bytes that Python and NumPy allocated at most while a file was refused, and the words."""
    with pytest.raises(ReadError):
        read(path, role, **options)  # libraries are loaded
    tracemalloc.start()
    try:
        with pytest.raises(ReadError) as caught:
            read(path, role, **options)
        return tracemalloc.get_traced_memory()[1], str(caught.value)
    finally:
        tracemalloc.stop()


def promising(path: Path, shape: tuple[int, ...], kind: str = "f4", voxels: bytes = b"\0" * 400) -> Path:
    """A NIfTI file whose header promises ``shape``, and which holds the voxels given."""
    header = nib.Nifti1Header()
    header.set_data_dtype(kind)
    header.set_data_shape(shape)
    header.set_sform(np.eye(4), 1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    content = header.binaryblock + b"\0" * 4 + voxels
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_tiny_file_with_a_large_promise_takes_no_memory(tmp_path: Path, small: None, name: str) -> None:
    peak, words = peak_of(promising(tmp_path / name, (80, 80, 80)))  # 2 MB promised, within the limit of 4 MiB
    assert peak < 900_000
    assert "80 x 80 x 80 voxels (2048000 bytes)" in words
    assert "copy or export it again" in words


def test_a_promise_above_the_limit_names_the_option_that_allows_it(tmp_path: Path, small: None) -> None:
    voxels = RNG.normal(size=(80, 90, 100)).astype(np.float32)
    path = promising(tmp_path / "a.nii", voxels.shape, voxels=voxels.tobytes(order="F"))
    peak, words = peak_of(path)
    assert peak < 900_000
    assert "up to 4 MiB can be read: --max-memory 0.1 allows it" in words
    assert read(path, "anatomy", max_memory=0.1).image[1, 2, 3] == voxels[1, 2, 3]


def test_the_environment_sets_the_limit_for_programs_without_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = promising(tmp_path / "a.nii", (20, 20, 20), voxels=RNG.normal(size=8000).astype("f4").tobytes())
    monkeypatch.setenv(limits.VARIABLE, str(50 / 2**20))
    with pytest.raises(ReadError, match="50 KiB can be read"):
        read(path, "anatomy")
    assert read(path, "anatomy", max_memory=1).image.GetSize() == (20, 20, 20)
    monkeypatch.setenv(limits.VARIABLE, "much")
    with pytest.raises(OptionError, match="COCONET_MAX_MEMORY is 'much'"):
        read(path, "anatomy")
    with pytest.raises(OptionError, match="positive number of GiB"):
        read(path, "anatomy", max_memory=-1)


def test_a_gzip_that_keeps_an_absurd_promise_is_refused_too(tmp_path: Path, small: None) -> None:
    path = promising(tmp_path / "a.nii.gz", (90, 90, 90), "u1", voxels=b"\0" * 90**3)  # 1 KiB grows to 700 KiB
    peak, words = peak_of(path)
    assert peak < 900_000
    assert "would grow from" in words
    assert "--max-memory" in words
    with pytest.raises(ReadError, match="every voxel is 0"):
        read(path, "anatomy", max_memory=0.1)


def _nrrd(path: Path, encoding: str, voxels: bytes, name: str = "") -> Path:
    named = f"data file: {name}\n" if name else ""
    text = f"NRRD0004\ntype: float\ndimension: 3\nsizes: 80 80 80\nencoding: {encoding}\nendian: little\n{named}\n"
    path.write_bytes(text.encode() + (b"" if name else voxels))
    return path


def _meta(path: Path, compressed: bool, voxels: bytes, name: str = "LOCAL") -> Path:
    text = f"ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = {compressed}\nDimSize = 80 80 80\n"
    path.write_bytes(f"{text}ElementType = MET_FLOAT\nElementDataFile = {name}\n".encode() + voxels)
    return path


def test_nrrd_and_metaimage_are_held_to_their_bytes(tmp_path: Path, small: None) -> None:
    import bz2
    import zlib

    files = [
        _nrrd(tmp_path / "a.nrrd", "raw", b"\0" * 99),
        _nrrd(tmp_path / "b.nrrd", "gzip", gzip.compress(b"\0" * 99)),
        _nrrd(tmp_path / "c.nrrd", "bzip2", bz2.compress(b"\0" * 99)),
        _meta(tmp_path / "a.mha", False, b"\0" * 99),
        _meta(tmp_path / "b.mha", True, zlib.compress(b"\0" * 99)),
    ]
    (tmp_path / "v.raw").write_bytes(b"\0" * 99)
    files += [
        _nrrd(tmp_path / "d.nhdr", "raw", b"", "v.raw"),
        _meta(tmp_path / "d.mhd", False, b"", "v.raw"),
    ]
    for path in files:
        peak, words = peak_of(path)
        assert "80 x 80 x 80 voxels (2048000 bytes)" in words or "grow from" in words, path
        assert peak < 900_000, path


def test_a_picture_may_not_grow_without_bound(tmp_path: Path, small: None) -> None:
    Image.new("L", (900, 900)).save(tmp_path / "a.png")
    with pytest.raises(ReadError, match="would grow from"):
        read(tmp_path / "a.png", "anatomy")


def test_freesurfer_volumes_are_held_to_their_bytes(tmp_path: Path, small: None) -> None:
    nib.MGHImage(np.zeros((80, 80, 80), np.float32), np.eye(4)).to_filename(tmp_path / "a.mgh")
    (tmp_path / "a.mgh").write_bytes((tmp_path / "a.mgh").read_bytes()[:999])
    assert "80 x 80 x 80 voxels" in peak_of(tmp_path / "a.mgh")[1]


@pytest.mark.parametrize("kind", ["nhdr", "mhd", "nrrd", "mha"])
@pytest.mark.parametrize("name", ["{else}/v.raw", "../v.raw", "in/v.raw", "C:\\v.raw", ".."])
def test_a_header_leads_to_no_file_elsewhere(tmp_path: Path, kind: str, name: str) -> None:
    elsewhere = tmp_path / "in"
    elsewhere.mkdir()
    for folder in (elsewhere, tmp_path.parent):
        (folder / "v.raw").write_bytes(b"\0" * 4 * 80**3)
    name = name.replace("{else}", str(elsewhere))
    path = tmp_path / f"a.{kind}"
    _nrrd(path, "raw", b"", name) if "n" in kind else _meta(path, False, b"", name)
    with pytest.raises(ReadError, match="only a file beside the header is read"):
        read(path, "anatomy")


@pytest.mark.parametrize("kind", ["nhdr", "mhd"])
def test_a_voxel_file_that_is_a_pipe_or_missing_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    _nrrd(path, "raw", b"", "v.raw") if "n" in kind else _meta(path, False, b"", "v.raw")
    with pytest.raises(ReadError, match="is not beside it"):
        read(path, "anatomy")
    os.mkfifo(tmp_path / "v.raw")
    with pytest.raises(ReadError, match="is no regular file"):
        read(path, "anatomy")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_time_series_is_held_to_its_bytes_frame_by_frame(tmp_path: Path, small: None, name: str) -> None:
    from coconet_med.readers.frames import static_image

    path = promising(tmp_path / name, (80, 80, 80, 3))
    with pytest.raises(ReadError, match="80 x 80 x 80 voxels"):
        static_image(path, tmp_path, dynamic="mean")
