"""Any layout and any file names; the same object counts once; damaged files are named and left out."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import FRAME_OF_REFERENCE, classic, spect

from coconet_med.dicom.scan import scan
from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series
from coconet_med.readers.files import files_of


def test_files_are_found_in_any_layout_under_any_name(tmp_path):
    stored = classic(tmp_path / "flat")
    for number, path in enumerate(sorted((tmp_path / "flat").iterdir())):
        place = tmp_path / "deep" / f"d{number}"
        place.mkdir(parents=True)
        path.rename(place / "IMAGE")
    (tmp_path / "deep" / "notes.txt").write_text("not DICOM", encoding="utf-8")
    (tmp_path / "deep" / "empty").write_bytes(b"")
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.frame_of_reference == FRAME_OF_REFERENCE
    assert len(source.files) == 6


def test_files_without_preamble_are_read(tmp_path):
    def bare(ds, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(path, implicit_vr=True, little_endian=True)

    stored = classic(tmp_path, finish=bare)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_series(tmp_path, "anatomy").image), stored)


def test_a_damaged_file_is_left_out_and_named(tmp_path):
    classic(tmp_path)
    first = sorted(tmp_path.iterdir())[0]
    (tmp_path / "broken.dcm").write_bytes(first.read_bytes()[:200])
    source = read_series(tmp_path, "anatomy")
    assert source.warnings == ("1 DICOM file(s) could not be used and were left out: broken.dcm",)


def test_links_to_folders_are_followed_and_circles_end(tmp_path):
    """Clusters and DataLad link whole series into a study."""
    stored = classic(tmp_path / "store")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "MR").symlink_to(tmp_path / "store")
    (tmp_path / "study" / "again").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "up").symlink_to(tmp_path / "study")
    source = read_series(tmp_path / "study", "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.warnings == ()
    assert files_of(tmp_path / "study") == tuple(sorted(source.files))


def test_hidden_files_are_no_images(tmp_path):
    """macOS writes ._NAME beside every file of a foreign disk; DataLad keeps the files of a dataset in .git."""
    classic(tmp_path)
    for path in sorted(tmp_path.glob("*")):
        (tmp_path / f"._{path.name}").write_bytes(b"\0\5\26\7" + bytes(200))
    shutil.copytree(tmp_path, tmp_path / ".git" / "annex" / "objects")
    source = read_series(tmp_path, "anatomy")
    assert source.warnings == ()
    assert files_of(tmp_path) == tuple(sorted(source.files))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "no DICOM files found"),
        (lambda folder: (folder / "T1.nii.gz").write_bytes(b"x"), "no DICOM files found among T1.nii.gz$"),
        (lambda folder: (folder / "1.dcm.gz").write_bytes(b"x"), "among 1.dcm.gz; unpack them first"),
        (lambda folder: (folder / "x.dcm").write_bytes(b"\0" * 128 + b"DICM\xff\xff"), "no DICOM file could be read"),
        (lambda folder: shutil.rmtree(folder), "no such file or folder"),
    ],
)
def test_a_path_without_dicom_is_an_error(tmp_path, make, message):
    folder = tmp_path / "study"
    folder.mkdir()
    make(folder)
    with pytest.raises(ReadError, match=message):
        scan(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_folder_is_not_opened(tmp_path):
    classic(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert len(read_series(tmp_path, "anatomy").files) == 6


def test_one_multiframe_file_is_a_series(tmp_path):
    stored = spect(tmp_path)
    source = read_series(tmp_path / "spect.dcm", "function")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


def test_values_in_the_upper_bits_are_refused(tmp_path):
    def shifted(ds, k):
        ds.BitsStored, ds.HighBit = 12, 15

    classic(tmp_path, "PT", edit=shifted)
    with pytest.raises(ReadError, match="High Bit 15 with 12 Bits Stored puts values into upper bits"):
        read_series(tmp_path, "function")


def test_one_series_uid_for_two_modalities_is_called_so(tmp_path):
    """A de-identification put one UID for all series; what was said was that there is no PET."""
    for modality in ("MR", "PT"):
        classic(
            tmp_path / modality, modality, series=modality, edit=lambda ds, k: setattr(ds, "SeriesInstanceUID", "1.2")
        )
    with pytest.raises(ReadError, match=r"files of MR .* and PT .* share the Series Instance UID 1\.2, as if"):
        scan(tmp_path)
    assert len(scan(tmp_path / "MR").series) == 1
