"""What is fetched is whole, and nothing but what was asked for."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import uid
from job_cases import fetched, fuse

import coconet_med
from coconet_med.pacs.errors import ServerAwayError, ServerError


def test_objects_that_do_not_arrive_are_asked_for_and_missed(orthanc, make_study, mean_model, monkeypatch):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    server = orthanc.server()
    whole = server._client.iter_series
    monkeypatch.setattr(server._client, "iter_series", lambda *a, **k: list(whole(*a, **k))[1:])
    with monkeypatch.context() as more:
        more.setattr(server._client, "retrieve_instance", lambda *a, **k: list(whole(*a[:2], **k))[1])
        with pytest.raises(ServerAwayError, match="1 of 6 objects did not arrive whole"):
            fuse(server, study_uid, mean_model)
    assert fuse(server, study_uid, mean_model).action == "stored"


def test_an_object_of_another_series_is_refused(orthanc, make_study, mean_model, monkeypatch):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    server = orthanc.server()
    whole = server._client.iter_series
    other = uid("series", study_uid, "PET_AC")
    monkeypatch.setattr(server._client, "iter_series", lambda study, series, **k: whole(study, other, **k))
    with pytest.raises(ServerError, match="the server sent an object of another series"):
        fuse(server, study_uid, mean_model)


def test_compressed_objects_come_as_they_are(orthanc, make_study, mean_model, tmp_path):
    """No transcoding by the server: a lossless JPEG-LS series gives the same result as the uncompressed one."""
    from pydicom.uid import JPEGLSLossless

    folder, study_uid = make_study()
    for path in (folder / "T1_MPRAGE").glob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.compress(JPEGLSLossless, encoding_plugin="pyjpegls", generate_instance_uid=False)
        ds.save_as(path)
    orthanc.put(folder, study_uid=study_uid)
    syntaxes = set()
    series = uid("series", study_uid, "T1_MPRAGE")
    orthanc.server().fetch(study_uid, series, lambda ds: syntaxes.add(ds.file_meta.TransferSyntaxUID))
    assert syntaxes == {JPEGLSLossless}
    outcome = fuse(orthanc.server(), study_uid, mean_model)
    local = coconet_med.fuse(folder, model=mean_model, register="never")
    there = fetched(orthanc, study_uid, outcome.series_uid)
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in there]), sitk.GetArrayFromImage(local.color))
