"""A study on a server is fused there: fetched, fused as from a folder, stored once, and read back unchanged."""

from __future__ import annotations

import signal
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import uid

import coconet_med
from coconet_med.errors import OptionError, ReadError
from coconet_med.pacs.errors import ServerAwayError, ServerError
from coconet_med.pacs.job import StudyOptions, fuse_study
from coconet_med.pacs.session import Limits
from coconet_med.pacs.signal_guard import Interruption, SignalGuard

OPTIONS = StudyOptions(register="never")


def fuse(server, study_uid, model, options=OPTIONS, **more):
    return fuse_study(server, study_uid, options, model=model, guard=SignalGuard(), **more)


def fetched(orthanc, study_uid, series_uid):
    found = []
    orthanc.server().fetch(study_uid, series_uid, found.append)
    return sorted(found, key=lambda ds: ds.InstanceNumber)


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


def test_the_same_work_again_sends_nothing(orthanc, make_study, mean_model):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    first = fuse(orthanc.server(), study_uid, mean_model)
    before = orthanc.count(study_uid)
    second = fuse(orthanc.server(), study_uid, mean_model)
    assert (second.action, second.sent, second.series_uid) == ("already there", 0, first.series_uid)
    third = fuse(orthanc.server(), study_uid, mean_model, again=True)
    assert (third.action, third.sent) == ("stored", 6)
    assert orthanc.count(study_uid) == before
    assert before[first.series_uid] == 6
    assert len(before) == 3


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


def test_a_store_that_was_cut_is_completed(orthanc, make_study, mean_model):
    """Half of a result is there, as after a power cut: only the other half is sent."""
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    series = fuse(orthanc.server(), study_uid, mean_model).series_uid
    objects = fetched(orthanc, study_uid, series)
    orthanc_ids = {
        i["MainDicomTags"]["SOPInstanceUID"]: i["ID"]
        for i in orthanc.server().get_json(f"{orthanc.root}/instances", expand="", since=0, limit=10000)
    }
    for ds in objects[:2]:
        response = orthanc.server()._session.delete(f"{orthanc.root}/instances/{orthanc_ids[ds.SOPInstanceUID]}")
        assert response.ok
    assert orthanc.count(study_uid)[series] == 4
    outcome = fuse(orthanc.server(), study_uid, mean_model)
    assert (outcome.action, outcome.sent, outcome.objects) == ("stored", 2, 6)


def test_only_the_chosen_series_are_fetched(orthanc, make_study, mean_model, monkeypatch):
    folder, study_uid = make_study(T1_MPRAGE="MR", ADC_map="MR", PET_AC="PT", PET_NAC="PT", CT_body="CT")
    orthanc.put(folder, study_uid=study_uid)
    server, asked = orthanc.server(), []
    through = server.fetch
    monkeypatch.setattr(
        server, "fetch", lambda study, series, keep, uids: (asked.append(series), through(study, series, keep, uids))
    )
    fuse(server, study_uid, mean_model)
    assert asked == [uid("series", study_uid, "T1_MPRAGE"), uid("series", study_uid, "PET_AC")]


def test_a_series_can_be_chosen(orthanc, make_study, mean_model):
    folder, study_uid = make_study(T1_MPRAGE="MR", PET_AC="PT", PET_AC_late="PT")
    orthanc.put(folder, study_uid=study_uid)
    with pytest.raises(ReadError, match=rf"study {study_uid}: several PT or NM series fit .* --function-series"):
        fuse(orthanc.server(), study_uid, mean_model)
    late = uid("series", study_uid, "PET_AC_late")
    outcome = fuse(orthanc.server(), study_uid, mean_model, replace(OPTIONS, function_series=late))
    assert outcome.facts["function"]["series"] == late


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({"PET_AC": "PT"}, "no MR series for the anatomy"),
        ({"T1_MPRAGE": "MR"}, "no CT series for the function"),
        ({"T1_MPRAGE": "MR:P-1", "PET_AC": "PT:P-2"}, "several patients"),
    ],
)
def test_what_cannot_be_fused_is_refused(orthanc, make_study, mean_model, series, words):
    folder, study_uid = make_study(**series)
    orthanc.put(folder, study_uid=study_uid)
    with pytest.raises(ReadError, match=words):
        fuse(orthanc.server(), study_uid, mean_model)
    assert len(orthanc.count(study_uid)) == len(series)


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


def test_signals_wait_while_the_result_is_stored(orthanc, make_study, mean_model):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    stored = []
    with SignalGuard() as guard, pytest.raises(Interruption):
        fuse_study(
            orthanc.server(), study_uid, OPTIONS, model=mean_model, guard=guard,
            before_store=lambda series: signal.raise_signal(signal.SIGTERM), after_store=stored.append,
        )  # fmt: skip
    assert orthanc.count(study_uid)[stored[0].series_uid] == 6


@pytest.mark.parametrize("stage", ["fetch", "align", "fuse"])
def test_a_signal_before_storing_stores_nothing(orthanc, make_study, mean_model, scratch, stage):
    folder, study_uid = make_study()
    orthanc.put(folder, study_uid=study_uid)
    calls = []

    def progress(now: str, done: int, total: int) -> None:
        calls.append(now)
        if now == stage:
            signal.raise_signal(signal.SIGTERM)

    options = replace(OPTIONS, register="always", force=True)
    with SignalGuard() as guard, pytest.raises(Interruption):
        fuse_study(
            orthanc.server(), study_uid, options, model=mean_model, guard=guard, scratch=scratch, progress=progress
        )
    assert calls.count(stage) == 1  # it ended there
    assert calls[-1] == stage
    assert len(orthanc.count(study_uid)) == 2
    assert list(scratch.iterdir()) == []


def test_no_signal_is_raised_where_a_library_would_swallow_it():
    with SignalGuard() as guard:
        reached = []
        with guard.patient():
            signal.raise_signal(signal.SIGTERM)
            reached.append("after the signal")
            with pytest.raises(Interruption):
                guard.check()
        assert reached
        with guard.deferred():
            guard.check()
        with pytest.raises(Interruption):
            _signal_in_guard(guard, reached)
        assert reached[1:] == ["after the check"]
        with pytest.raises(Interruption):
            signal.raise_signal(signal.SIGINT)


def _signal_in_guard(guard: SignalGuard, reached: list[str]) -> None:
    with guard.patient(), guard.deferred():
        signal.raise_signal(signal.SIGINT)
        guard.check()
        reached.append("after the check")


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
