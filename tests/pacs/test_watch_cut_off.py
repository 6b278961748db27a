"""Signals, kills and power cuts: the next start does what is left of the work, and only that."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from watch_bench import PowerCutError

from coconet_med.pacs.signal_guard import Interruption


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


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_waiting_watcher_ends_at_once_on_a_signal(bench, tmp_path, number, code):
    command = [sys.executable, "-m", "coconet_med", "pacs", "watch", "--url", bench.orthanc.url]
    command += ["--folder", str(bench.folder), "--engine", "onnx", "--interval", "600", "--follow", "search"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        audit = bench.folder / "audit.jsonl"
        for _ in range(600):
            if audit.exists() and audit.read_text(encoding="utf-8"):
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
