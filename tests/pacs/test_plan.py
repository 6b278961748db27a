"""The two series of a study on the server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dicom_phantom import uid
from job_cases import OPTIONS, fuse

from coconet_med.errors import ReadError


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
        ({"PET_AC": "PT"}, "no MR or CT series for the anatomy"),
        ({"T1_MPRAGE": "MR"}, "no PT or NM or CT series for the function"),
        ({"T1_MPRAGE": "MR:P-1", "PET_AC": "PT:P-2"}, "several patients"),
    ],
)
def test_what_cannot_be_fused_is_refused(orthanc, make_study, mean_model, series, words):
    folder, study_uid = make_study(**series)
    orthanc.put(folder, study_uid=study_uid)
    with pytest.raises(ReadError, match=words):
        fuse(orthanc.server(), study_uid, mean_model)
    assert len(orthanc.count(study_uid)) == len(series)
