"""Signals end work that can be thrown away, and wait for work that must not be cut."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from job_cases import OPTIONS

from coconet_med.pacs.job import fuse_study
from coconet_med.pacs.signal_guard import Interruption, SignalGuard


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


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
