"""A watcher at work in a folder of its own, one look at a time; its clock and its waits are the test's."""

from __future__ import annotations

import json
from pathlib import Path

from coconet_med.pacs.audit import AuditLog
from coconet_med.pacs.events import Event
from coconet_med.pacs.job import StudyOptions
from coconet_med.pacs.orthanc import OrthancChanges
from coconet_med.pacs.signal_guard import SignalGuard
from coconet_med.pacs.state import State
from coconet_med.pacs.state_folder import StateFolder
from coconet_med.pacs.watch import Pace, Watcher


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
        lines = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if study is None or line.get("study") == study]

    def actions(self, study: str | None = None) -> list[str]:
        return [line["action"] for line in self.audit(study)]
