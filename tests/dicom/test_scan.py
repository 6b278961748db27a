"""Any layout and any file names; the same object counts once; damaged files are named and left out."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import CLASSES, FRAME_OF_REFERENCE, classic, enhanced, spect, stored_values

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


def test_the_same_object_twice_is_read_once(tmp_path):
    stored = classic(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.warnings == ("6 duplicate file(s) dropped",)


def test_different_images_with_one_uid_are_refused(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "SOPInstanceUID", "1.2.3"))
    with pytest.raises(ReadError, match="different images share one SOP Instance UID"):
        read_series(tmp_path, "anatomy")


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


def test_the_digest_follows_the_content_and_not_the_names(tmp_path):
    classic(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for number, path in enumerate(sorted((tmp_path / "b").iterdir(), reverse=True)):
        path.rename(path.with_name(f"z{number}"))
    one, two = read_series(tmp_path / "a", "anatomy"), read_series(tmp_path / "b", "anatomy")
    assert one.sha256 == two.sha256
    classic(tmp_path / "c", values=stored_values(seed=1))
    assert read_series(tmp_path / "c", "anatomy").sha256 != one.sha256


def test_complaints_about_header_values_end_as_warnings_of_the_source(tmp_path):
    classic(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().replace(FRAME_OF_REFERENCE.encode(), b"1.2.3.4.x"))
    source = read_series(tmp_path, "anatomy")
    assert source.warnings == ("header: Invalid value for VR UI: '1.2.3.4.x'.",)


def test_the_name_of_a_source_cannot_be_a_path(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "SeriesDescription", "../../etc/passwd"))
    assert read_series(tmp_path, "anatomy").name == "-..-etc-passwd"


def test_control_characters_of_tags_do_not_reach_messages(tmp_path):
    def evil(ds, k):
        ds.SeriesDescription = "../../etc/\x1b[31mpasswd"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    classic(tmp_path, edit=evil)
    with pytest.raises(ReadError) as caught:
        read_series(tmp_path, "anatomy")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"PatientID": "P-2"}, {"RescaleSlope": "2"}, {"Units": "CNTS"}])
def test_copies_of_one_uid_that_say_something_else_are_refused(tmp_path, change):
    classic(tmp_path / "a", "PT")
    classic(tmp_path / "b", "PT", edit=lambda ds, k: [setattr(ds, *pair) for pair in change.items()])
    with pytest.raises(ReadError, match="different images share one SOP Instance UID"):
        read_series(tmp_path, "function")


def test_other_pixels_under_one_uid_are_refused(tmp_path):
    classic(tmp_path / "a", "PT")
    classic(tmp_path / "b", "PT", values=stored_values(seed=1))
    with pytest.raises(ReadError, match=r"different images share one SOP Instance UID.*take one of them out"):
        read_series(tmp_path, "function")


def test_values_in_the_upper_bits_are_refused(tmp_path):
    def shifted(ds, k):
        ds.BitsStored, ds.HighBit = 12, 15

    classic(tmp_path, "PT", edit=shifted)
    with pytest.raises(ReadError, match="High Bit 15 with 12 Bits Stored puts values into upper bits"):
        read_series(tmp_path, "function")


@pytest.mark.parametrize(
    ("made", "labeled", "named"),
    [
        ("PT", "CT", "PET Image Storage"),
        ("MR", "PT", "MR Image Storage"),
        ("CT", "MR", "CT Image Storage"),
        ("NM", "PT", "NM Image Storage"),
        ("EMR", "CT", "Enhanced MR Image Storage"),
        ("EPT", "NM", "Enhanced PET Image Storage"),
    ],
)
def test_a_class_and_a_modality_that_contradict_each_other_are_refused(tmp_path, made, labeled, named):
    make = {"NM": spect, "EMR": enhanced, "EPT": lambda folder, edit: enhanced(folder, "EPT", edit=edit)}.get(
        made, lambda folder, edit: classic(folder, made, edit=edit)
    )
    make(tmp_path, edit=lambda ds, k=0: setattr(ds, "Modality", labeled))
    with pytest.raises(ReadError, match=rf"its SOP Class is {named}, but its Modality \(0008,0060\) says {labeled}"):
        read_series(tmp_path, "anatomy" if labeled in ("MR", "CT") else "function")


def test_one_image_of_another_class_in_a_series_is_refused_by_name(tmp_path):
    def edit(ds, k):
        if k == 2:
            ds.SOPClassUID = CLASSES["PT"]

    classic(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=r"is PET Image Storage, but .* says MR \(002_2\.dcm\)"):
        read_series(tmp_path, "anatomy")
