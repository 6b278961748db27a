"""What a watcher remembers over restarts: one JSON file, replaced as a whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from coconet_med.errors import OptionError, ReadError
from coconet_med.writers.atomic import write_together

VERSION = 2
#: Studies remembered; of older ones the deterministic UID of the result alone keeps it from being stored twice.
MOST_STUDIES = 20_000

Status = Literal["working", "storing", "done", "refused", "failed", "absent"]


@dataclass(frozen=True)
class Study:
    """What became of a study.

    Attributes:
        fingerprint: of its sources then, see :func:`coconet_med.pacs.plan.fingerprint`.
        status: ``"working"`` and ``"storing"`` are left only by an end in the middle; ``"absent"``: not on the server.
        attempts: begun with these sources.
        series: UID of the result once it is known.
        first: when it was first tried with these sources, in seconds since 1970.
        looks: how often it was looked at since it came to an end.
        due: when it is to be tried or looked at again, whether the server names it or not; ``None`` for never.
    """

    fingerprint: str
    status: Status
    attempts: int = 1
    series: str = ""
    first: float = 0.0
    looks: int = 0
    due: float | None = None

    @property
    def final(self) -> bool:
        """Whether nothing is to be done until the sources change."""
        return self.status in ("done", "refused") or (self.status == "failed" and self.due is None)


class State:
    """The memory of one watcher for one server.

    Attributes:
        since: the last change of an Orthanc that was handled.
        pending: studies of an Orthanc that got something new and were not called stable since, by Orthanc's ID.
        seen: studies that the last search found.
        looked: when that was, in seconds since 1970.
        begun: when the folder was made, in seconds since 1970.
        follow: what ``--follow auto`` came to.

    Args:
        path: of the file; need not exist.
        server: address; a file of another server is refused.

    Raises:
        ReadError: the file is damaged, or of another version.
        OptionError: the file belongs to another server.
    """

    def __init__(self, path: Path, *, server: str) -> None:
        self._path, self._server = path, server
        self.since: int | None = None
        self.pending: dict[str, dict[str, Any]] = {}
        self.seen: dict[str, dict[str, Any]] = {}
        self.looked: float | None = None
        self.begun, self.follow = 0.0, ""
        self._studies: dict[str, Study] = {}
        if path.exists():
            self._load()

    def study(self, uid: str) -> Study | None:
        return self._studies.get(uid)

    def due(self, now: float) -> list[str]:
        """Studies whose time has come, the longest due first."""
        waiting = [(study.due, uid) for uid, study in self._studies.items() if study.due is not None]
        return [uid for due, uid in sorted(waiting) if due <= now]

    def own_series(self) -> set[str]:
        """Series that we stored or were about to store."""
        return {study.series for study in self._studies.values() if study.series}

    def put(self, uid: str, study: Study) -> None:
        """Remember, and save."""
        self._studies.pop(uid, None)  # the latest goes last, so that the oldest are forgotten first
        self._studies[uid] = study
        while len(self._studies) > MOST_STUDIES:
            ended = (old for old, one in self._studies.items() if one.due is None)
            self._studies.pop(next(ended, None) or next(iter(self._studies)))
        self.save()

    def change(self, uid: str, **changes: Any) -> None:
        """Change some fields of a study, and save."""
        self.put(uid, replace(self._studies[uid], **changes))

    def save(self) -> None:
        """Replace the file.

        Raises:
            WriteError: the disk does not let us; the old file is whole.
        """
        document = {
            "version": VERSION,
            "server": self._server,
            "begun": self.begun,
            "follow": self.follow,
            "since": self.since,
            "pending": self.pending,
            "looked": self.looked,
            "studies": {uid: asdict(study) for uid, study in self._studies.items()},
            "seen": self.seen,
        }
        text = json.dumps(document) + "\n"
        write_together([(self._path, lambda part: part.write_text(text, encoding="utf-8"))], overwrite=True)

    def _load(self) -> None:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            version, server = document["version"], document["server"]
            if version in (1, VERSION) and server == self._server:
                self.since, self.seen = document["since"], dict(document["seen"])
                self.pending, self.follow = dict(document.get("pending", {})), document.get("follow", "")
                self.looked, self.begun = document.get("looked"), document.get("begun", 0.0)
                if version == 1 and self.seen:  # followed by searches, which knew no time of their own
                    self.since, self.looked = None, self._path.stat().st_mtime
                self._studies = {uid: Study(**fields) for uid, fields in document["studies"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            msg = f"{self._path}: damaged or unreadable; move it away to begin anew (no result is stored twice)"
            raise ReadError(msg) from None
        if version not in (1, VERSION):
            raise ReadError(f"{self._path}: written by another version of coconet-med; give another --folder")
        if server != self._server:
            raise OptionError(f"{self._path}: belongs to the server {server}; give another --folder for this one")
