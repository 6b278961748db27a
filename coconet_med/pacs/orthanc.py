"""Follow the changes of an Orthanc, and miss none of its studies when it is restarted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.events import Event
from coconet_med.pacs.server import UID

if TYPE_CHECKING:
    from coconet_med.pacs.server import Server
    from coconet_med.pacs.state import State

#: Changes asked for at once.
PAGE = 1000
DAY = 24 * 3600.0


class OrthancChanges:
    """Follows ``GET /changes?since=N`` of an Orthanc up to its StableStudy entries.

    An Orthanc that is restarted between the last object of a study and its StableAge never calls that study stable.
    So each study that got something new is remembered until it is called stable; one that is not, though it has not
    grown for ``quiet`` seconds and Orthanc does not expect more of it, is taken as well.

    Args:
        server: whose session is used.
        root: address of Orthanc's REST interface.
        state: keeps the number of the last change handled, and the studies that wait to be called stable.
        quiet: seconds without growth.
        backlog: on the first start, begin with the first change that Orthanc remembers, not with the next.
        clock: seconds since 1970.
    """

    name = "changes of Orthanc"

    def __init__(
        self,
        server: Server,
        root: str,
        state: State,
        *,
        quiet: float = 120.0,
        backlog: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server, self._root, self._state = server, root, state
        self._quiet, self._backlog, self._clock = quiet, backlog, clock

    def begin(self, *, missed: bool = False) -> None:
        """On the first start, remember where the list of changes ends now.

        Args:
            missed: begin with those since the folder was made: something else was followed in it before.
        """
        if self._state.since is None:
            self._state.since = 0 if self._backlog or missed else self._ask("changes", last="")["Last"]

    def ready(self) -> Iterator[Event]:
        self.begin(missed=self._state.looked is not None)
        state = self._state
        if self._ask("changes", last="")["Last"] < (
            state.since or 0
        ):  # its database was made anew; what was done is known
            state.since, state.pending = 0, {}
        while True:
            page = self._ask("changes", since=state.since or 0, limit=PAGE)
            for change in page["Changes"]:
                if self._from_before(change):
                    continue
                if change["ChangeType"] == "StableStudy":
                    if uid := self._study_uid(change["ID"]):
                        yield Event(uid, change["Seq"], change["ID"])
                    state.pending.pop(change["ID"], None)
                elif key := self._grown(change):
                    state.pending[key] = {"count": -1, "time": self._clock()}
            state.since = page["Last"]
            if page["Done"]:
                break
        yield from self._never_called_stable()

    def handled(self, event: Event) -> None:
        self._state.since = event.mark
        self._state.pending.pop(event.key, None)

    def _from_before(self, change: dict[str, Any]) -> bool:
        """Whether it is older than the folder, by more than two clocks can differ."""
        if self._backlog:
            return False
        try:
            when = datetime.strptime(str(change.get("Date")), "%Y%m%dT%H%M%S").timestamp()
        except ValueError:
            return False
        return when < self._state.begun - DAY

    def _grown(self, change: dict[str, Any]) -> str | None:
        """Orthanc's ID of the study that something new belongs to."""
        if change["ChangeType"] == "NewStudy":
            return change["ID"]
        if change["ChangeType"] == "NewSeries":
            series = self._server.get_json(f"{self._root}/series/{change['ID']}")
            return series.get("ParentStudy") if isinstance(series, dict) else None
        return None

    def _never_called_stable(self) -> Iterator[Event]:
        pending = self._state.pending
        for key, entry in list(pending.items()):
            if 0 <= self._clock() - entry["time"] < self._quiet:
                continue
            study = self._server.get_json(f"{self._root}/studies/{key}")
            numbers = self._server.get_json(f"{self._root}/studies/{key}/statistics")
            if not isinstance(study, dict) or not isinstance(numbers, dict):
                del pending[key]  # deleted meanwhile
                continue
            count = int(numbers.get("CountInstances", 0))
            if count != entry["count"] or not study.get("IsStable", True):
                pending[key] = {"count": count, "time": self._clock()}
            elif uid := _uid(study):
                yield Event(uid, self._state.since or 0, key)

    def _study_uid(self, orthanc_id: str) -> str | None:
        """``None`` where the study was deleted meanwhile."""
        study = self._server.get_json(f"{self._root}/studies/{orthanc_id}")
        return _uid(study) if isinstance(study, dict) else None

    def _ask(self, what: str, **params: int | str) -> dict[str, Any]:
        answer = self._server.get_json(f"{self._root}/{what}", **params)
        if not _is_list_of_changes(answer):
            raise ServerError(f"{self._root}/{what}: no list of changes; is this an Orthanc? use --follow search")
        return {**answer, "Done": bool(answer.get("Done", True)) or not answer["Changes"]}


def is_orthanc(server: Server, root: str) -> bool:
    """Whether an Orthanc answers at ``root``.

    Raises:
        ServerAwayError: nothing answers at all.
        LoginError: something does not let us in.
    """
    try:
        answer = server.get_json(f"{root}/system")
    except (ServerAwayError, LoginError):
        raise
    except ServerError:
        return False
    return isinstance(answer, dict) and "ApiVersion" in answer and "DicomAet" in answer


def _uid(study: dict[str, Any]) -> str | None:
    uid = str(study.get("MainDicomTags", {}).get("StudyInstanceUID", ""))
    return uid if UID.fullmatch(uid) else None


def _is_list_of_changes(answer: Any) -> bool:
    if not isinstance(answer, dict) or not isinstance(answer.get("Last"), int):
        return False
    entries, kinds = answer.get("Changes"), {"ChangeType": str, "ID": str, "Seq": int}
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())
        for entry in entries
    )
