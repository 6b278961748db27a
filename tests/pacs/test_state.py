"""What a watcher remembers over restarts."""

from __future__ import annotations

import pytest
from watch_bench import PowerCutError

from coconet_med.errors import OptionError, ReadError
from coconet_med.pacs.state import State


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


def test_a_state_of_another_server_or_damaged_is_refused(tmp_path):
    path = tmp_path / "state.json"
    State(path, server="https://one.example/dicom-web").save()
    with pytest.raises(OptionError, match="belongs to the server https://one"):
        State(path, server="https://other.example/dicom-web")
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    with pytest.raises(ReadError, match="damaged or unreadable"):
        State(path, server="https://one.example/dicom-web")
