"""A study on a server is fused there: fetched, fused as from a folder, stored once, and read back unchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from job_cases import OPTIONS, fetched, fuse

import coconet_med
from coconet_med.errors import OptionError, ReadError
from coconet_med.pacs.errors import ServerError
from coconet_med.pacs.session import Limits


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("form", ["sc", "enhanced", "gray"])
def test_the_stored_series_is_the_local_result(orthanc, make_study, mean_model, tmp_path, scratch, form):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    options = replace(OPTIONS, form=form)
    outcome = fuse(orthanc.server(), study_uid, mean_model, options, scratch=scratch)
    local = coconet_med.fuse(folder, model=mean_model, register="never")
    files = [p for p in local.save(tmp_path / "local", form=form, legend="none") if p.suffix == ".dcm"]
    there = fetched(orthanc, study_uid, outcome.series_uid)
    assert outcome.action == "stored"
    assert outcome.objects == outcome.sent == len(files) == len(there)
    for path, ds in zip(files, there, strict=True):
        ours = pydicom.dcmread(path)
        np.testing.assert_array_equal(ds.pixel_array, ours.pixel_array)
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID"):
            assert ds.get(keyword) == ours.get(keyword)
        for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "SharedFunctionalGroupsSequence"):
            assert ds.get(keyword) == ours.get(keyword)
    if form == "sc":
        pixels = np.stack([ds.pixel_array for ds in there])
        np.testing.assert_array_equal(pixels, sitk.GetArrayFromImage(local.color))
    assert list(scratch.iterdir()) == []


def test_a_legend_is_stored_where_it_is_asked_for_and_once(orthanc, make_study, mean_model):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    options = replace(OPTIONS, legend="own")
    first = fuse(orthanc.server(), study_uid, mean_model, options)
    before = orthanc.count(study_uid)
    assert sorted(before.values())[0] == 1
    assert len(before) == 4
    assert before[first.series_uid] == 6
    assert fuse(orthanc.server(), study_uid, mean_model, options).sent == 0
    assert orthanc.count(study_uid) == before


def test_other_settings_give_another_series(orthanc, make_study, mean_model):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    first = fuse(orthanc.server(), study_uid, mean_model)
    second = fuse(orthanc.server(), study_uid, mean_model, replace(OPTIONS, strength=0.5))
    assert first.series_uid != second.series_uid


def test_a_given_transform_is_taken_and_makes_another_series(orthanc, make_study, mean_model, tmp_path):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    plain = fuse(orthanc.server(), study_uid, mean_model)
    file = tmp_path / "moved.tfm"
    sitk.WriteTransform(sitk.TranslationTransform(3, (3.0, 0.0, 0.0)), str(file))
    given = {"transform": file, "force": True}  # noise has no direction that could be checked
    outcome = fuse(orthanc.server(), study_uid, mean_model, replace(OPTIONS, **given))
    assert outcome.series_uid != plain.series_uid
    local = coconet_med.fuse(folder, model=mean_model, **given)
    pixels = np.stack([ds.pixel_array for ds in fetched(orthanc, study_uid, outcome.series_uid)])
    np.testing.assert_array_equal(pixels, sitk.GetArrayFromImage(local.color))


def test_an_unknown_study_and_a_bad_uid_are_refused(orthanc, mean_model):
    with pytest.raises(ReadError, match=r"study 1\.2\.99: .* does not have it; check the UID"):
        fuse(orthanc.server(), "1.2.99", mean_model)
    with pytest.raises(OptionError, match="no DICOM UID"):
        fuse(orthanc.server(), "1.2/../../instances", mean_model)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(study_bytes=2000), "more than .* refused"),
        (Limits(objects=5), "6 objects, more than 5; refused"),
        (Limits(answer_bytes=500), "more than .* in one answer; refused"),
    ],
)
def test_a_study_beyond_the_limits_is_refused(orthanc, make_study, mean_model, scratch, limits, words):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    with pytest.raises(ServerError, match=words):
        fuse(orthanc.server(limits=limits), study_uid, mean_model, scratch=scratch)
    assert list(scratch.iterdir()) == []
