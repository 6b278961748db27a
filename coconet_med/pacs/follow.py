"""Learn which studies are complete: from the changes of an Orthanc, or from searches and a quiet timer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from coconet_med.pacs.errors import ServerAwayError, ServerError
from coconet_med.pacs.server import UID

if TYPE_CHECKING:
    from coconet_med.pacs.server import Server
    from coconet_med.pacs.state import State

#: Changes asked for at once.
PAGE = 1000


@dataclass(frozen=True)
class Event:
    """A study that seems complete; ``mark`` is the follower's own."""

    study_uid: str
    mark: int


class Follower(Protocol):
    """Tells what is ready, and is told what was handled; keeps its memory in the state, which the caller saves."""

    name: str

    def ready(self) -> Iterator[Event]: ...

    def handled(self, event: Event) -> None: ...


class OrthancChanges:
    """Follows ``GET /changes?since=N`` of an Orthanc up to its StableStudy entries.

    Args:
        server: whose session is used.
        root: address of Orthanc's REST interface.
        state: keeps the number of the last change handled.
        backlog: on the first start, begin with the first change that Orthanc remembers, not with the next.
    """

    name = "changes of Orthanc"

    def __init__(self, server: Server, root: str, state: State, *, backlog: bool = False) -> None:
        self._server, self._root, self._state, self._backlog = server, root, state, backlog

    def ready(self) -> Iterator[Event]:
        state = self._state
        last = self._ask("changes", last="")["Last"]
        if state.since is None:
            state.since = 0 if self._backlog else last
        if last < state.since:  # its database was made anew; what was done is known from the studies
            state.since = 0
        while True:
            page = self._ask("changes", since=state.since, limit=PAGE)
            for change in page["Changes"]:
                if change["ChangeType"] == "StableStudy" and (uid := self._study_uid(change["ID"])):
                    yield Event(uid, change["Seq"])
            state.since = page["Last"]
            if page["Done"]:
                return

    def handled(self, event: Event) -> None:
        self._state.since = event.mark

    def _study_uid(self, orthanc_id: str) -> str | None:
        """``None`` where the study was deleted meanwhile."""
        study = self._server.get_json(f"{self._root}/studies/{orthanc_id}")
        uid = str(study.get("MainDicomTags", {}).get("StudyInstanceUID", "")) if isinstance(study, dict) else ""
        return uid if UID.fullmatch(uid) else None

    def _ask(self, what: str, **params: int | str) -> dict[str, Any]:
        answer = self._server.get_json(f"{self._root}/{what}", **params)
        if not _is_list_of_changes(answer):
            raise ServerError(f"{self._root}/{what}: no list of changes; is this an Orthanc? use --follow search")
        return {**answer, "Done": bool(answer.get("Done", True)) or not answer["Changes"]}


def _is_list_of_changes(answer: Any) -> bool:
    if not isinstance(answer, dict) or not isinstance(answer.get("Last"), int):
        return False
    entries, kinds = answer.get("Changes"), {"ChangeType": str, "ID": str, "Seq": int}
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())
        for entry in entries
    )


class QuietStudies:
    """Searches the studies of the last days; one that has not grown for a while is complete.

    Args:
        server: the server.
        state: keeps when each study was last seen to grow.
        quiet: seconds without growth.
        days: age of Study Date that is looked at.
        backlog: on the first start, also take the studies that are there already.
        clock: seconds since 1970.
    """

    name = "searches"

    def __init__(
        self,
        server: Server,
        state: State,
        *,
        quiet: float = 120.0,
        days: int = 2,
        backlog: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server, self._state, self._quiet, self._days = server, state, quiet, days
        self._clock, self._backlog = clock, backlog

    def ready(self) -> Iterator[Event]:
        first, last = (date.today() + timedelta(days=d) for d in (-self._days, 1))  # tomorrow: other time zones
        found = self._server.studies(first_date=f"{first:%Y%m%d}", last_date=f"{last:%Y%m%d}")
        if any(count is None for count in found.values()):
            raise ServerError(f"{self._server.address.url}: search does not tell how many objects a study has")
        before, now = self._state.seen, self._clock()
        known = self._state.since is not None or self._backlog
        seen: dict[str, dict[str, Any]] = {}
        for uid, count in found.items():
            old = before.get(uid)
            same = old is not None and old["count"] == count
            seen[uid] = old if same else {"count": count, "time": now, "handled": not known}
        self._state.seen, self._state.since = seen, 0
        for uid, entry in seen.items():
            if not entry["handled"] and not 0 <= now - entry["time"] < self._quiet:
                yield Event(uid, entry["count"])

    def handled(self, event: Event) -> None:
        if event.study_uid in self._state.seen:
            self._state.seen[event.study_uid]["handled"] = True


def is_orthanc(server: Server, root: str) -> bool:
    """Whether an Orthanc answers at ``root``.

    Raises:
        ServerAwayError: nothing answers at all.
    """
    try:
        answer = server.get_json(f"{root}/system")
    except ServerAwayError:
        raise
    except ServerError:
        return False
    return isinstance(answer, dict) and "ApiVersion" in answer and "DicomAet" in answer
