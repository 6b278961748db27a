"""Which files an input consists of."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.readers import read
from coconet_med.readers.files import files_of

RNG = np.random.default_rng(5)


def array(shape=(5, 6, 7), kind=np.float32) -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(kind)


def test_a_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    import pydicom

    series = tmp_path / "medium" / "series"
    series.mkdir(parents=True)
    for k in range(5):
        sitk.WriteImage(_slice(k), str(series / f"{k}.dcm"))
    for path in series.iterdir():
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
        ds.save_as(path)
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.FileSetID, ds.DirectoryRecordSequence = "DISC", []
    ds.file_meta.MediaStorageSOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.6"
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.save_as(tmp_path / "medium" / "DICOMDIR", enforce_file_format=True)
    by_folder, by_index = (read(tmp_path / "medium" / end, "anatomy") for end in ("", "DICOMDIR"))
    assert by_index.image.GetSize() == (6, 7, 5)
    assert by_index.sha256 == by_folder.sha256
    assert set(files_of(tmp_path / "medium" / "DICOMDIR")) == set(files_of(tmp_path / "medium"))


def _slice(k: int) -> sitk.Image:
    image = sitk.GetImageFromArray(array((1, 7, 6), np.int16))
    image.SetOrigin((0, 0, 2.0 * k))
    for tag, value in {
        "0008|0016": "1.2.840.10008.5.1.4.1.1.4",
        "0008|0060": "MR",
        "0020|0032": f"0\\0\\{2 * k}",
        "0020|0037": "1\\0\\0\\0\\1\\0",
        "0020|0013": str(k),
    }.items():
        image.SetMetaData(tag, value)
    return image


def test_what_is_not_this_formats_voxel_file_is_no_part_of_it(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(tmp_path / "a.mhd"))
    shutil.copy(tmp_path / "a.raw", tmp_path / "a.txt")
    assert [path.name for path in files_of(tmp_path / "a.mhd")] == ["a.mhd", "a.raw"]


def test_numbered_and_listed_voxel_files_belong_to_their_header(tmp_path: Path) -> None:
    values = RNG.normal(size=(3, 6, 7)).astype(np.float32)
    for k in range(3):
        (tmp_path / f"s{k + 1:02d}.raw").write_bytes(values[k].tobytes())
    text = "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 7 6 3\nElementType = MET_FLOAT\n"
    (tmp_path / "a.mhd").write_text(f"{text}ElementDataFile = s%02d.raw 1 3 1\n", encoding="utf-8")
    (tmp_path / "b.mhd").write_text(f"{text}ElementDataFile = LIST\ns01.raw\ns02.raw\ns03.raw\n", encoding="utf-8")
    for name in ("a.mhd", "b.mhd"):
        source = read(tmp_path / name, "anatomy")
        assert np.array_equal(sitk.GetArrayFromImage(source.image), values)
        assert [path.name for path in files_of(tmp_path / name)] == [name, "s01.raw", "s02.raw", "s03.raw"]
