"""The watcher fuses what arrives, once: over restarts, its own results and a lost state."""

from __future__ import annotations

import pytest
from dicom_phantom import uid
from watch_bench import changes

from coconet_med.pacs.watch import LOOKS


def test_an_arriving_study_is_fused_once_over_restarts_and_its_own_result(bench, arrive):
    study = arrive()
    bench.orthanc.wait_until_stable(study, after=bench.since)
    assert bench.look(follower=changes) >= 1  # other tests may have left studies that become stable now
    (line,) = bench.audit(study)
    assert (line["action"], line["objects"], line["sent"]) == ("stored", 6, 6)
    assert line["anatomy"]["series"] == uid("series", study, "T1_MPRAGE")
    assert len(line["anatomy"]["sha256"]) == len(line["function"]["sha256"]) == len(line["result_sha256"]) == 64
    assert line["model_sha256"] == "0" * 64
    counts = bench.orthanc.count(study)
    assert sorted(counts.values()) == [6, 6, 6]
    bench.orthanc.wait_until_stable(study, after=bench.state.since)  # the result makes the study stable again
    bench.look(follower=changes)  # a new start
    assert bench.actions(study) == ["stored", "skipped"]
    bench.look(follower=changes)
    assert bench.actions(study) == ["stored", "skipped"]
    assert bench.orthanc.count(study) == counts


def test_a_lost_state_does_not_store_twice(bench, arrive):
    study = arrive()
    bench.look()
    counts = bench.orthanc.count(study)
    (bench.folder / "state.json").unlink()
    bench.look()
    assert bench.actions(study) == ["stored", "already there"]
    assert bench.orthanc.count(study) == counts


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({"PET_AC": "PT"}, "no MR or CT series"),
        ({"T1_MPRAGE": "MR", "CT_body": "CT"}, "no PT or NM series"),
        ({"T1_MPRAGE": "MR", "PET_AC": "PT", "PET_AC_late": "PT"}, "several PT or NM series fit the function"),
        ({"T1_MPRAGE": "MR:P-1", "PET_AC": "PT:P-2"}, "several patients"),
    ],
)
def test_a_study_that_cannot_be_fused_is_refused_once_with_a_reason(bench, arrive, series, words):
    study = arrive(**series)
    bench.look()
    bench.look()
    assert bench.actions(study) == ["refused", "skipped"]
    assert words in bench.audit(study)[0]["reason"]
    assert len(bench.orthanc.count(study)) == len(series)


def test_a_refused_study_is_fused_when_the_missing_series_arrives(bench, make_study):
    folder, study = make_study()
    bench.orthanc.put(folder / "PET_AC", study_uid=study)
    bench.announced.append(study)
    bench.look()
    bench.orthanc.put(folder / "T1_MPRAGE", study_uid=study)
    bench.look()
    assert bench.actions(study) == ["refused", "stored"]


def test_a_study_that_grows_unannounced_is_found(bench, make_study):
    folder, study = make_study()
    bench.orthanc.put(folder / "PET_AC", study_uid=study)
    bench.announced.append(study)
    bench.look()
    bench.announced.clear()
    bench.orthanc.put(folder / "T1_MPRAGE", study_uid=study)
    bench.look()
    assert bench.actions(study) == ["refused"]
    bench.now += LOOKS[0]
    bench.look()
    assert bench.actions(study) == ["refused", "stored"]
    for _ in LOOKS:
        bench.now += LOOKS[-1]
        bench.look()
    assert bench.actions(study) == ["refused", "stored"]  # looks that find nothing new are not logged
    assert bench.state.study(study).due is None


def test_the_result_of_a_study_that_grew_afterwards_is_named_beside_the_new_one(bench, make_study):
    """Both stay on the server, and only one shows the whole scan."""
    folder, study = make_study()
    late = folder.parent / "late"
    late.mkdir()
    for path in sorted((folder / "PET_AC").glob("*_[45].dcm")):
        path.rename(late / path.name)
    bench.orthanc.put(folder, study_uid=study)
    bench.announced.append(study)
    bench.look()
    bench.orthanc.put(late, study_uid=study)
    bench.look()
    first, second = bench.audit(study)
    assert (first["action"], second["action"]) == ("stored", "stored")
    assert "the earlier result" not in first.get("reason", "")
    assert f"the earlier result {first['series']} of other sources or settings stays beside it" in second["reason"]
