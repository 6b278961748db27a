"""A server that is away and studies that fail: how long each is tried, and when a person is asked."""

from __future__ import annotations

import pytest

from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.state_folder import StateFolder


def test_a_server_that_is_away_is_waited_for_ever_longer(bench, arrive, monkeypatch):
    study = arrive()
    series, answers = bench.server.series, [ServerAwayError("away")] * 10

    def ping():
        if answers:
            raise answers.pop()

    def sometimes(study_uid):
        ping()
        return series(study_uid)

    monkeypatch.setattr(bench.server, "series", sometimes)
    monkeypatch.setattr(bench.server, "ping", ping)
    with StateFolder(bench.folder) as place:
        bench.watcher(place).run(once=True)
    assert bench.sleeps == [1, 2, 4, 8, 8]
    assert bench.actions() == ["started", "waiting", "stored", "back", "stopped"]
    assert bench.actions(study) == ["stored"]


def test_a_study_that_the_server_cannot_give_is_tried_for_days_and_stops_no_other(bench, arrive, monkeypatch):
    study, later = arrive(), arrive()
    fetch, broken_until, pauses = bench.server.fetch, bench.now + 5 * 86400, []

    def broken(study_uid, series, keep, uids):
        if study_uid == study and bench.now < broken_until:
            raise ServerAwayError("500")
        fetch(study_uid, series, keep, uids)

    monkeypatch.setattr(bench.server, "fetch", broken)
    bench.look()
    assert bench.actions(later) == ["stored"]
    bench.announced.clear()
    while "stored" not in bench.actions(study):
        due = bench.state.study(study).due
        pauses.append(due - bench.now)
        bench.now = due - 1
        bench.look()
        bench.now = due
        bench.look()
    assert pauses[:4] == [60, 120, 240, 480]
    assert max(pauses) == 6 * 3600  # so that it is found within hours, however long it took
    assert bench.now - broken_until < 6 * 3600
    assert bench.actions(study) == ["failed"] * len(pauses) + ["stored"]
    assert bench.audit(study)[0]["reason"] == "500; tried again in 60 s"
    assert bench.audit(study)[1]["reason"] == "500; tried again in 2 min"
    assert sorted(bench.orthanc.count(study).values()) == [6, 6, 6]


def test_a_study_that_never_works_is_given_up_after_two_weeks(bench, arrive, monkeypatch):
    study = arrive()
    monkeypatch.setattr(bench.server, "fetch", lambda *a: (_ for _ in ()).throw(ServerError("not today")))
    bench.look()
    bench.announced.clear()
    begun = bench.now
    while (due := bench.state.study(study).due) is not None:
        bench.now = due
        bench.look()
    assert 14 <= (bench.now - begun) / 86400 < 15
    assert bench.audit(study)[-1]["reason"].startswith("not today; given up after ")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServerError("took 3 of 6"), "took 3 of 6"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("of Phantom^Paul"), "unexpected RuntimeError; please report it"),
    ],
)
def test_one_failing_study_does_not_stop_the_others(bench, arrive, monkeypatch, error, words):
    study, other = arrive(), arrive()
    fetch = bench.server.fetch

    def broken(study_uid, series, keep, uids):
        if study_uid == study:
            raise error
        fetch(study_uid, series, keep, uids)

    monkeypatch.setattr(bench.server, "fetch", broken)
    bench.look()
    assert bench.actions(study) == ["failed"]
    assert words in bench.audit(study)[0]["reason"]
    assert "Paul" not in (bench.folder / "audit.jsonl").read_text(encoding="utf-8")
    assert bench.actions(other) == ["stored"]


def test_a_wrong_login_ends_the_watcher(bench, arrive, monkeypatch):
    arrive()
    for question in ("series", "ping"):
        monkeypatch.setattr(bench.server, question, lambda *_: (_ for _ in ()).throw(LoginError("not allowed (401)")))
    with StateFolder(bench.folder) as place, pytest.raises(LoginError):
        bench.watcher(place).run(once=True)
    assert bench.sleeps == []


def test_a_login_that_worked_is_tried_three_times_more(bench, monkeypatch):
    with StateFolder(bench.folder) as place:
        watcher = bench.watcher(place)
        rounds = iter([0, LoginError("401"), 0, *[LoginError("401")] * 9])

        def ready():
            step = next(rounds)
            if step:
                raise step
            return iter(())

        monkeypatch.setattr(watcher._follower, "ready", ready)
        with pytest.raises(LoginError):
            watcher.run()
    assert bench.sleeps == [0.1, 8, 0.1, 8, 8, 8]


def test_nonsense_at_the_start_is_for_a_person_and_later_is_waited_for(bench, monkeypatch):
    with StateFolder(bench.folder) as place:
        watcher = bench.watcher(place)
        rounds = iter([ServerError("a web page"), 0, ServerError("a web page"), 0, KeyboardInterrupt()])

        def ready():
            step = next(rounds)
            if step:
                raise step
            return iter(())

        monkeypatch.setattr(watcher._follower, "ready", ready)
        with pytest.raises(ServerError):
            watcher.run()
        with pytest.raises(KeyboardInterrupt):
            watcher.run()
    assert bench.actions() == ["started", "started", "waiting", "back"]
