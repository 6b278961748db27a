"""Servers that cap, page, refuse, answer and index in their own ways: a study is fused and stored once all the same."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from dicom_phantom import uid
from odd_server import Habits, running
from pacs_orthanc import Orthanc, needs_orthanc, start_orthanc, stop

from coconet_med.pacs.errors import ServerAwayError, ServerError
from coconet_med.pacs.job import StudyOptions, fuse_study
from coconet_med.pacs.session import Limits
from coconet_med.pacs.signal_guard import SignalGuard

QUICK = Limits(index=1.0)


ODD = {
    "caps and pages": Habits(cap=2),
    "shows 3 and no more": Habits(only=3),
    "ignores the offset": Habits(cap=3, offset="ignored"),
    "refuses the offset": Habits(cap=3, offset="refused"),
    "404 for an empty page": Habits(empty=404),
    "404 for an empty page, and caps": Habits(empty=404, cap=2),
    "200 for an empty page": Habits(empty=200),
    "refuses includefield": Habits(includefield=400),
    "refuses transfer-syntax=* with 406": Habits(star=406),
    "refuses transfer-syntax=* with 400": Habits(star=400),
    "gives no whole series of images": Habits(series_images=501),
    "gives no whole series of headers": Habits(series_metadata=400),
    "gives nothing whole and no wildcard": Habits(series_images=404, series_metadata=404, star=406),
    "has no search for studies": Habits(studies=404),
    "has no search for studies and tells no counts": Habits(studies=501, counts=False),
    "tells no counts": Habits(counts=False),
    "tells no modality": Habits(says_modality=False),
    "tells no counts and caps": Habits(counts=False, only=3),
    "answers a store with nothing": Habits(stow="empty"),
    "answers a store with XML": Habits(stow="xml"),
    "calls a stored object a conflict": Habits(stow="conflict"),
    "takes two objects at once": Habits(most_stored=2),
    "speaks with LF, words before and byte order marks": Habits(sloppy=True),
    "is busy three times": Habits(busy=3),
    "gives one media type only": Habits(one_type=True),
    "indexes late": Habits(late=0.6),
    "indexes late and caps": Habits(late=0.6, only=3),
}


def fuse(server, study_uid, model):
    options = StudyOptions(register="never")
    return fuse_study(server, study_uid, options, model=model, guard=SignalGuard())


@pytest.mark.parametrize("habits", ODD.values(), ids=ODD)
def test_a_study_is_stored_once_whatever_the_server_is_used_to(make_study, mean_model, habits):
    folder, study = make_study(T1_MPRAGE="MR", ADC_map="MR", PET_AC="PT", PET_NAC="PT", CT_body="CT")
    with running(habits) as odd:
        odd.put(folder)
        first = fuse(odd.server(limits=QUICK), study, mean_model)
        assert (first.action, first.objects) == ("stored", 6)
        assert sorted(odd.received) == sorted(set(odd.received))  # nothing was sent twice
        assert sorted(odd.count(study).values()) == [6] * 6
        time.sleep(habits.late)
        again = fuse(odd.server(limits=QUICK), study, mean_model)
        assert (again.action, again.sent, again.series_uid) == ("already there", 0, first.series_uid)
        assert len(odd.received) == 6
        assert first.facts["function"]["series"] == uid("series", study, "PET_AC")


def test_what_is_taken_but_not_shown_in_time_is_not_sent_again(make_study, mean_model):
    folder, study = make_study()
    with running(Habits(late=1.5)) as odd:
        odd.put(folder)
        with pytest.raises(ServerAwayError, match=r"shows 0 of 6 objects .* run it again later, nothing is sent twice"):
            fuse(odd.server(limits=Limits(index=0.3)), study, mean_model)
        assert odd.posts() == 1
        time.sleep(1.5)
        assert fuse(odd.server(), study, mean_model).action == "already there"
        assert odd.posts() == 1


def test_headers_that_come_late_are_waited_for(make_study):
    folder, study = make_study()
    files = sorted((folder / "PET_AC").glob("*.dcm"))
    series = uid("series", study, "PET_AC")
    with running(Habits()) as odd:
        for path in files[:4]:
            odd.take(path.read_bytes(), old=True)
        late = threading.Timer(0.4, lambda: odd.put(folder))
        late.start()
        assert len(odd.server(limits=Limits(index=5)).metadata(study, series, count=6)) == 6
        late.join()
        with pytest.raises(ServerAwayError, match=r"6 of 7 objects of series .* may still be taking it in"):
            odd.server(limits=Limits(index=0.2)).metadata(study, series, count=7)


def test_no_study_and_a_wrong_address_are_reported_apart(make_study):
    with running(Habits(empty=404)) as odd:
        with pytest.raises(ServerError, match=r"not there \(404\); check the address"):
            odd.server().studies(first_date="20240301", last_date="20240302")
        odd.put(make_study()[0])
        assert odd.server().studies(first_date="19990301", last_date="19990302") == {}


def test_a_server_that_hides_series_is_refused(make_study):
    """The five series of a modality are cut to two: which were chosen would be chance."""
    folder, study = make_study(**{f"MR_{n}": "MR" for n in range(5)}, PET="PT")
    with running(Habits(only=2)) as odd:
        odd.put(folder)
        with pytest.raises(ServerError, match=r"shows 3 of at least 4 series .*; raise the limit of results"):
            odd.server().series(study)


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ("503", ServerAwayError, 'trouble (503); the server says: "Archive is being moved to the new shelf"'),
        ("html", ServerError, 'cannot be understood (text/html); the server says: "Please log in to the portal"'),
        ("cut", ServerAwayError, "1 of 6 objects did not arrive whole; try again"),
    ],
)
def test_faults_of_image_answers_are_reported_in_the_words_of_the_server(make_study, mean_model, wrong, kind, words):
    folder, study = make_study()
    with running(Habits(wrong=wrong)) as odd:
        odd.put(folder)
        with pytest.raises(kind) as failure:
            fuse(odd.server(), study, mean_model)
        assert words in str(failure.value)
        assert "\n" not in str(failure.value)
        odd.habits = replace(odd.habits, wrong="")
        assert fuse(odd.server(), study, mean_model).action == "stored"


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A real Orthanc that shows 50 objects of a search, whatever the offset."""
    needs_orthanc()
    process, root = start_orthanc(tmp_path_factory.mktemp("limited"), LimitFindInstances=50, LimitFindResults=50)
    try:
        yield Orthanc(f"{root}/dicom-web", root)
    finally:
        stop(process)


def test_an_orthanc_that_shows_fifty_objects_holds_a_result_of_more(limited, make_study, mean_model):
    folder, study = make_study(slices=55)
    limited.put(folder, study_uid=study)
    series = uid("series", study, "T1_MPRAGE")
    assert len(limited.server().objects(study, series)) < 55  # the habit is there
    first = fuse(limited.server(), study, mean_model)
    assert (first.action, first.objects, first.sent) == ("stored", 55, 55)
    again = fuse(limited.server(), study, mean_model)
    assert (again.action, again.sent) == ("already there", 0)
    assert sorted(limited.count(study).values()) == [55, 55, 55]
    last = limited.server().get_json(f"{limited.root}/changes", last="")["Last"]
    stored = limited.server().get_json(f"{limited.root}/changes", since=0, limit=last)["Changes"]
    assert sum(change["ChangeType"] == "NewInstance" for change in stored) == 3 * 55


@pytest.mark.parametrize("when", ["while it is fetched", "while it is fused"])
@pytest.mark.parametrize("habits", [Habits(), Habits(series_images=501), Habits(counts=False, only=3)])
def test_a_series_that_grows_meanwhile_is_not_stored_in_part(make_study, mean_model, when, habits):
    """Four slices of six were read, and the lower part of a PET was stored as if it were all."""
    folder, study = make_study()
    late = sorted((folder / "PET_AC").glob("*.dcm"))[-2:]
    options, stages = StudyOptions(register="never"), iter([when])
    with running(habits) as odd:
        for path in sorted(set(folder.rglob("*.dcm")) - set(late)):
            odd.take(path.read_bytes(), old=True)

        def progress(stage, done, total):
            fits = (stage == "fetch") == (when == "while it is fetched")
            if fits and next(stages, None):
                for path in late:
                    odd.take(path.read_bytes(), old=True)

        with pytest.raises(ServerAwayError, match=r"arrived beside the 4 that were there .* nothing was stored"):
            fuse_study(odd.server(), study, options, model=mean_model, guard=SignalGuard(), progress=progress)
        assert odd.posts() == 0
        assert fuse(odd.server(), study, mean_model).action == "stored"
