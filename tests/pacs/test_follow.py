"""How the watcher hears of studies: changes of an Orthanc, searches, and the choice between them."""

from __future__ import annotations

import pytest

from coconet_med.pacs.errors import LoginError, ServerAwayError
from coconet_med.pacs.follow import Chosen, QuietStudies
from coconet_med.pacs.orthanc import OrthancChanges
from coconet_med.pacs.state_folder import StateFolder


def test_the_search_follower_waits_until_a_study_is_quiet(bench, make_study, monkeypatch):
    clock, counts = [1000.0], {}
    monkeypatch.setattr(bench.server, "studies", lambda **days: dict(counts))
    old_folder, old = make_study()
    bench.orthanc.put(old_folder, study_uid=old)
    folder, study = make_study()
    bench.orthanc.put(folder / "PET_AC", study_uid=study)

    def follower(bench):
        return QuietStudies(bench.server, bench.state, quiet=60, clock=lambda: clock[0])

    def look(**now):
        counts.update(now)
        return bench.look(follower=follower)

    counts[old] = 12
    assert look() == 0  # what is there at the first start is left alone
    assert look(**{study: 6}) == 0
    clock[0] += 50
    bench.orthanc.put(folder / "T1_MPRAGE", study_uid=study)
    assert look(**{study: 12}) == 0  # it grew
    clock[0] += 50
    assert look() == 0
    clock[0] += 11
    assert look() == 1
    assert bench.actions() == ["stored"]
    assert look(**{study: 18}) == 0  # our own result
    clock[0] += 61
    assert look() == 1
    assert bench.actions(study) == ["stored", "skipped"]
    clock[0] += 61
    assert look() == 0


def test_the_search_follower_reads_a_real_server(bench, make_study):
    folder, study = make_study()
    bench.orthanc.put(folder, study_uid=study)
    found = bench.server.studies(first_date="20240229", last_date="20240302")
    assert found[study] == 12
    assert study not in bench.server.studies(first_date="20240302", last_date="20240303")


def chosen(bench, follow="auto", **options):
    return Chosen(
        bench.server, bench.orthanc.root, bench.state, follow,
        changes=OrthancChanges(bench.server, bench.orthanc.root, bench.state, quiet=0),
        searches=QuietStudies(bench.server, bench.state, quiet=0, days=36500, **options),
    )  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [("search", "orthanc"), ("orthanc", "search")])
def test_a_folder_may_change_how_it_follows(bench, make_study, first, second):
    """What was there before the folder stays as it is; what arrives between the two is not missed."""
    folder, old = make_study()
    bench.orthanc.put(folder, study_uid=old)
    bench.orthanc.wait_until_stable(old, after=bench.since)
    bench.look(follower=lambda b: chosen(b, first))
    folder, study = make_study()
    bench.orthanc.put(folder, study_uid=study)
    bench.orthanc.wait_until_stable(study, after=bench.since)
    bench.look(follower=lambda b: chosen(b, second))
    bench.look(follower=lambda b: chosen(b, second))
    assert "stored" in bench.actions(study)
    assert sorted(bench.orthanc.count(study).values()) == [6, 6, 6]
    bench.look(follower=lambda b: chosen(b, first))
    assert bench.actions(study).count("stored") == 1
    assert bench.actions(old) == []


def test_auto_waits_for_a_server_that_is_away_and_then_chooses(bench, monkeypatch):
    ask, away = bench.server.get_json, [True, True]

    def sometimes(url, **params):
        if away:
            away.pop()
            raise ServerAwayError("away")
        return ask(url, **params)

    monkeypatch.setattr(bench.server, "get_json", sometimes)
    with StateFolder(bench.folder) as place:
        bench.watcher(place, follower=chosen).run(once=True)
    lines = {line["action"]: line for line in bench.audit() if "study" not in line}
    assert list(lines) == ["started", "waiting", "following", "back", "stopped"]
    assert lines["following"]["reason"] == "changes of Orthanc"


def test_auto_searches_where_the_orthanc_asks_for_another_login_and_stays_with_it(bench, monkeypatch):
    ask = bench.server.get_json

    def closed(url, **params):
        raise LoginError("not allowed (401)")

    monkeypatch.setattr(bench.server, "get_json", closed)
    with StateFolder(bench.folder) as place:
        bench.watcher(place, follower=chosen).run(once=True)
    (line,) = (one for one in bench.audit() if one["action"] == "following")
    assert "searches" in line["reason"]
    assert "asks for another login: if it is an Orthanc, give --orthanc-url" in line["reason"]
    monkeypatch.setattr(bench.server, "get_json", ask)
    bench.look(follower=chosen)
    assert bench.state.follow == "search"
