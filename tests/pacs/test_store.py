"""A store that was cut is completed, and nothing is stored twice."""

from __future__ import annotations

from job_cases import fetched, fuse


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
