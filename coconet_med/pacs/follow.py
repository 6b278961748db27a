"""Learn which studies are complete: from searches and a quiet timer, or from what an Orthanc tells (:mod:`orthanc`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from coconet_med.pacs.errors import LoginError, ServerError
from coconet_med.pacs.events import Event

if TYPE_CHECKING:
    from coconet_med.pacs.server import Server
    from coconet_med.pacs.state import State

Follow = Literal["auto", "orthanc", "search"]


class QuietStudies:
    """Searches the studies of the last days; one that has not grown for a while is complete.

    Args:
        server: the server.
        state: keeps when each study was last seen to grow, and when the last search was: after a longer absence the
            days since then are searched as well.
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

    def begin(self, *, missed: bool = False) -> None:
        """On the first start, remember what is there already.

        Args:
            missed: take it, since something else was followed in this folder before and may have missed it.
        """
        if self._state.looked is None:
            self._look(known=self._backlog or missed)

    def ready(self) -> Iterator[Event]:
        self.begin(missed=self._state.since is not None)
        self._look(known=True)
        for uid, entry in self._state.seen.items():
            if not entry["handled"] and not 0 <= self._clock() - entry["time"] < self._quiet:
                yield Event(uid, entry["count"])

    def handled(self, event: Event) -> None:
        entry = self._state.seen.get(event.study_uid)
        if entry and entry["count"] == event.mark:
            self._state.seen[event.study_uid] = {**entry, "handled": True}

    def _look(self, *, known: bool) -> None:
        """Search; what was not there before is to be handled, unless this is the first look of all."""
        state, now = self._state, self._clock()
        last_look = min(date.today(), date.fromtimestamp(state.looked or now))
        first, last = last_look - timedelta(days=self._days), date.today() + timedelta(days=1)  # other time zones
        found = self._server.studies(first_date=f"{first:%Y%m%d}", last_date=f"{last:%Y%m%d}")
        if any(count is None for count in found.values()):
            raise ServerError(f"{self._server.address.url}: search does not tell how many objects a study has")
        seen: dict[str, dict[str, Any]] = {}
        for uid, count in found.items():
            old = state.seen.get(uid)
            same = old if old is not None and old["count"] == count else None
            seen[uid] = same or {"count": count, "time": now, "handled": not known}
        # What waits for its quiet time is kept, though a server may not show it for a moment.
        kept = {uid: entry for uid, entry in state.seen.items() if uid not in seen and not entry["handled"]}
        state.seen, state.looked = seen | kept, now


class Chosen:
    """The follower that fits a server, chosen when it first answers, and remembered for the folder.

    Both followers remember from the first start of a folder on, so that ``--follow`` can be changed later: no study
    between is missed, and none from before is taken.

    Args:
        server: the server.
        root: address at which an Orthanc would answer.
        state: of the folder.
        follow: ``"auto"``: what the folder did before, or what the server turns out to be.
        changes: follower of an Orthanc.
        searches: follower of any server.
    """

    def __init__(
        self,
        server: Server,
        root: str,
        state: State,
        follow: Follow,
        *,
        changes: Any,
        searches: QuietStudies,
    ) -> None:
        self._server, self._root, self._state, self._follow = server, root, state, follow
        self._both = {"orthanc": changes, "search": searches}
        self._choice, self._tried, self._note = "", "", ""

    @property
    def name(self) -> str:
        return f"{self._both[self._choice].name}{self._note}" if self._choice else f"--follow {self._follow}"

    def ready(self) -> Iterator[Event]:
        choice = self._choice or self._choose()
        if self._state.since is None and self._state.looked is None:
            self._both[choice].begin()
            self._state.begun = time.time()
            self._begin_other("search" if choice == "orthanc" else "orthanc")
        yield from self._both[choice].ready()
        self._choice = self._state.follow = choice

    def handled(self, event: Event) -> None:
        self._both[self._choice or self._tried].handled(event)

    def _choose(self) -> str:
        self._tried = self._follow if self._follow != "auto" else self._state.follow or self._look()
        return self._tried

    def _look(self) -> str:
        from coconet_med.pacs.orthanc import is_orthanc

        try:
            return "orthanc" if is_orthanc(self._server, self._root) else "search"
        except LoginError:
            self._server.ping()  # a wrong login is wrong here, too
            self._note = f" ({self._root} asks for another login: if it is an Orthanc, give --orthanc-url)"
            return "search"

    def _begin_other(self, other: str) -> None:
        from coconet_med.pacs.orthanc import is_orthanc

        try:
            if other == "search" or is_orthanc(self._server, self._root):
                self._both[other].begin()
        except ServerError:
            return  # it does not work here, and will not be changed to
