"""The watcher fuses what arrives, once: over restarts, its own results, cut-off work and a server that is away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dicom_phantom import uid
from pacs_orthanc import Orthanc, needs_orthanc, start_orthanc, stop

from coconet_med.errors import OptionError, ReadError
from coconet_med.pacs.audit import AuditLog
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.events import Event
from coconet_med.pacs.follow import Chosen, QuietStudies
from coconet_med.pacs.job import StudyOptions
from coconet_med.pacs.orthanc import OrthancChanges, is_orthanc
from coconet_med.pacs.signal_guard import Interruption, SignalGuard
from coconet_med.pacs.state import State
from coconet_med.pacs.state_folder import StateFolder
from coconet_med.pacs.watch import LOOKS, Pace, Watcher


class PowerCutError(BaseException):
    """Nothing catches it, as nothing catches a power cut."""


class Announced:
    """A follower that names the same studies at every look, as if each had become stable again."""

    name = "test"

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def ready(self):
        yield from [Event(study, 0) for study in self._bench.announced]

    def handled(self, event: Event) -> None:
        pass


def changes(bench: Bench) -> OrthancChanges:
    if bench.state.since is None:
        bench.state.since = bench.since  # other tests use the same server
    return OrthancChanges(bench.server, bench.orthanc.root, bench.state)


class Bench:
    """A watcher's folder; :meth:`look` is one start, one look and one end of a watcher."""

    def __init__(self, orthanc, folder: Path, model) -> None:
        self.orthanc, self.folder, self.model = orthanc, folder, model
        self.server = orthanc.server()
        self.since = self.server.get_json(f"{orthanc.root}/changes", last="")["Last"]
        self.announced, self.guard, self.progress, self.sleeps = [], SignalGuard(), None, []
        self.now = 1.8e9

    def watcher(self, place: StateFolder, *, follower=Announced) -> Watcher:
        self.state = State(place.state_file, server=self.server.address.url)
        return Watcher(
            self.server, follower(self), self.state,
            AuditLog(place.audit_file, redact=self.server.identities.redact), place, StudyOptions(register="never"),
            model=self.model, guard=self.guard, pace=Pace(0.1, 1, 8),
            sleep=self.sleeps.append, clock=lambda: self.now, progress=self.progress,
        )  # fmt: skip

    def look(self, **how) -> int:
        with StateFolder(self.folder) as place:
            return self.watcher(place, **how).round()

    def audit(self, study: str | None = None) -> list[dict]:
        lines = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]
        return [line for line in lines if study is None or line.get("study") == study]

    def actions(self, study: str | None = None) -> list[str]:
        return [line["action"] for line in self.audit(study)]


@pytest.fixture
def bench(orthanc, tmp_path, mean_model) -> Bench:
    return Bench(orthanc, tmp_path / "watcher", mean_model)


@pytest.fixture
def arrive(bench, make_study):
    """A function that puts a study on the server and announces it."""

    def put(**series: str) -> str:
        folder, study_uid = make_study(**series)
        bench.orthanc.put(folder, study_uid=study_uid)
        bench.announced.append(study_uid)
        return study_uid

    return put


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
        ({"PET_AC": "PT"}, "no MR series"),
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


def test_the_audit_log_names_no_patient(bench, arrive):
    study = arrive(T1_MPRAGE="MR", PET_Phantom_AC="PT", PET_AC_of_paul="PT")
    bench.look()
    text = (bench.folder / "audit.jsonl").read_text() + (bench.folder / "state.json").read_text()
    assert "several PT or NM series fit" in text
    assert uid("series", study, "PET_AC_of_paul") in text  # still clear which they are
    for private in ("phantom", "paul", "P-1", "A-77", "19700101"):
        assert private.lower() not in text.lower()


def test_a_signal_while_fusing_ends_cleanly_and_the_next_start_does_the_work(bench, arrive):
    study = arrive()
    bench.progress = lambda stage, done, total: signal.raise_signal(signal.SIGTERM)
    with bench.guard, pytest.raises(Interruption):
        bench.look()
    assert len(bench.orthanc.count(study)) == 2
    assert bench.actions(study) == ["interrupted"]
    assert not (bench.folder / "scratch").exists()
    bench.progress = None
    bench.look()
    assert bench.actions(study) == ["interrupted", "stored"]


def test_a_signal_while_storing_comes_after_the_whole_result(bench, arrive, monkeypatch):
    study = arrive()
    store = bench.server.store

    def slow(study_uid, objects):
        signal.raise_signal(signal.SIGINT)
        return store(study_uid, objects)

    monkeypatch.setattr(bench.server, "store", slow)
    with bench.guard, pytest.raises(Interruption):
        bench.look()
    assert bench.actions(study) == ["stored"]
    assert sorted(bench.orthanc.count(study).values()) == [6, 6, 6]
    monkeypatch.undo()
    bench.look()
    assert bench.actions(study) == ["stored", "skipped"]


def test_a_watcher_killed_while_storing_completes_the_result(bench, arrive, monkeypatch):
    study = arrive()

    store = bench.server.store

    def cut(study_uid, objects):
        store(study_uid, objects[:2])
        raise PowerCutError

    monkeypatch.setattr(bench.server, "store", cut)
    with pytest.raises(PowerCutError):
        bench.look()
    assert sorted(bench.orthanc.count(study).values()) == [2, 6, 6]
    monkeypatch.undo()
    bench.look()
    assert bench.audit(study)[0]["sent"] == 4
    assert sorted(bench.orthanc.count(study).values()) == [6, 6, 6]


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


def test_a_study_that_takes_the_watcher_down_does_not_do_so_for_ever(bench, arrive, monkeypatch):
    study, other = arrive(), arrive()

    fetch = bench.server.fetch

    def deadly(study_uid, series, keep, uids):
        if study_uid == study:
            raise PowerCutError
        fetch(study_uid, series, keep, uids)

    monkeypatch.setattr(bench.server, "fetch", deadly)
    for _ in range(2):
        with pytest.raises(PowerCutError):
            bench.look()
    bench.look()
    assert bench.actions(study) == ["failed"]
    assert "the watcher was ended within it 2 times; tried again in 2 min" in bench.audit(study)[0]["reason"]
    assert bench.actions(other) == ["stored"]
    monkeypatch.undo()
    bench.announced.clear()
    bench.now += 121
    bench.look()
    assert bench.actions(study) == ["failed", "stored"]


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


def test_a_power_cut_between_log_and_state_costs_a_line_and_no_more(bench, arrive, monkeypatch):
    study = arrive()
    change = State.change

    def cut(state, uid, **changes):
        if changes.get("status") == "done":
            raise PowerCutError
        change(state, uid, **changes)

    with monkeypatch.context() as patched:
        patched.setattr(State, "change", cut)
        with pytest.raises(PowerCutError):
            bench.look()
    assert bench.actions(study) == ["stored"]  # what is on the server is in the log
    bench.look()
    assert bench.actions(study) == ["stored", "already there"]
    assert sorted(bench.orthanc.count(study).values()) == [6, 6, 6]


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
    assert "Paul" not in (bench.folder / "audit.jsonl").read_text()
    assert bench.actions(other) == ["stored"]


def test_a_wrong_login_ends_the_watcher(bench, arrive, monkeypatch):
    arrive()
    for question in ("series", "ping"):
        monkeypatch.setattr(bench.server, question, lambda *_: (_ for _ in ()).throw(LoginError("not allowed (401)")))
    with StateFolder(bench.folder) as place, pytest.raises(LoginError):
        bench.watcher(place).run(once=True)
    assert bench.sleeps == []


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


def test_an_orthanc_restarted_before_a_study_was_stable_hides_none(tmp_path, make_study, mean_model):
    """StableStudy is never announced for it; the watcher counts for itself."""
    needs_orthanc()
    folder, study = make_study()
    process, root = start_orthanc(tmp_path / "o", StableAge=60)
    try:
        orthanc = Orthanc(f"{root}/dicom-web", root)
        bench = Bench(orthanc, tmp_path / "watcher", mean_model)

        def follower(bench):
            return OrthancChanges(bench.server, root, bench.state, quiet=30, clock=lambda: bench.now)

        bench.look(follower=follower)
        orthanc.put(folder, study_uid=study)
        bench.look(follower=follower)
        bench.now += 31
        bench.look(follower=follower)
        assert not (bench.folder / "audit.jsonl").exists()  # Orthanc may still call it stable
        stop(process)
        process, _ = start_orthanc(tmp_path / "o", port=int(root.rsplit(":", 1)[1]), StableAge=60)
        for _ in range(2):
            bench.now += 31
            bench.look(follower=follower)
        assert bench.actions(study) == ["stored"]
        changes = bench.server.get_json(f"{root}/changes", since=0, limit=1000)["Changes"]
        assert "StableStudy" not in {change["ChangeType"] for change in changes}
        for _ in range(3):
            bench.now += 31
            bench.look(follower=follower)
        assert set(bench.actions(study)[1:]) <= {"skipped"}
        assert sorted(orthanc.count(study).values()) == [6, 6, 6]
    finally:
        stop(process)


def test_an_orthanc_is_recognized(bench):
    assert is_orthanc(bench.server, bench.orthanc.root)
    assert not is_orthanc(bench.server, f"{bench.orthanc.root}/nowhere")


def test_a_second_watcher_in_the_same_folder_is_refused(tmp_path):
    with StateFolder(tmp_path / "w"), pytest.raises(OptionError, match="another watcher works here"):
        StateFolder(tmp_path / "w").__enter__()


def test_what_a_killed_watcher_left_is_cleared(tmp_path):
    (tmp_path / "w" / "scratch" / "coconet-med-pacs-x").mkdir(parents=True)
    with StateFolder(tmp_path / "w") as place:
        assert list(place.scratch.iterdir()) == []


def test_a_state_of_another_server_or_damaged_is_refused(tmp_path):
    path = tmp_path / "state.json"
    State(path, server="https://one.example/dicom-web").save()
    with pytest.raises(OptionError, match="belongs to the server https://one"):
        State(path, server="https://other.example/dicom-web")
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ReadError, match="damaged or unreadable"):
        State(path, server="https://one.example/dicom-web")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_waiting_watcher_ends_at_once_on_a_signal(bench, tmp_path, number, code):
    command = [sys.executable, "-m", "coconet_med", "pacs", "watch", "--url", bench.orthanc.url]
    command += ["--folder", str(bench.folder), "--engine", "onnx", "--interval", "600", "--follow", "search"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        audit = bench.folder / "audit.jsonl"
        for _ in range(600):
            if audit.exists() and audit.read_text():
                break
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert bench.actions() == ["started", "following", "stopped"]
    assert sorted(path.name for path in bench.folder.iterdir()) == ["audit.jsonl", "lock", "state.json"]
