"""The external worker: fuses every study that arrives with MR and PET or SPECT, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coconet_med._version import __version__
from coconet_med.errors import FusionError, ModelError, WriteError
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.interrupt import Interruption
from coconet_med.pacs.job import fuse_study
from coconet_med.pacs.plan import fingerprint
from coconet_med.pacs.state import Study

if TYPE_CHECKING:
    from coconet_med.model import Model
    from coconet_med.pacs.audit import Action, AuditLog
    from coconet_med.pacs.follow import Follower
    from coconet_med.pacs.interrupt import Shelter
    from coconet_med.pacs.job import FuseOptions, Outcome
    from coconet_med.pacs.server import FoundSeries, Server
    from coconet_med.pacs.state import State
    from coconet_med.pacs.workplace import Workplace

#: A study that fails for a passing reason, or takes the process down with it, is given up after as many attempts.
MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Pace:
    """Seconds between two looks, and the waits while the server is away: doubled from ``first`` up to ``most``."""

    interval: float = 10.0
    first: float = 5.0
    most: float = 300.0

    def wait(self, failures: int) -> float:
        return min(self.first * 2 ** (failures - 1), self.most)


class Watcher:
    """Follows a server and fuses what arrives; see ``docs/pacs.md`` for what it promises."""

    def __init__(
        self,
        server: Server,
        follower: Follower,
        state: State,
        audit: AuditLog,
        workplace: Workplace,
        options: FuseOptions,
        *,
        model: Model,
        shelter: Shelter,
        pace: Pace | None = None,
        say: Callable[[str], None] = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._server, self._follower, self._state, self._audit = server, follower, state, audit
        self._workplace, self._options, self._model, self._shelter = workplace, options, model, shelter
        self._pace, self._say, self._sleep, self._progress = pace or Pace(), say, sleep, progress

    def run(self, *, once: bool = False) -> None:
        """Work until a signal comes, or, ``once``, until nothing is ready.

        Raises:
            Interruption: a signal came; everything is in order.
            FusionError: it makes no sense to go on: wrong login, damaged weights, no disk.
        """
        self._log("started", reason=f"coconet-med {__version__}, {self._follower.name}")
        failures = 0
        try:
            while True:
                try:
                    self.round()
                except (ServerAwayError, WriteError) as error:
                    failures += 1
                    if failures == 1:
                        self._log("waiting", reason=str(error))
                    self._sleep(self._pace.wait(failures))
                    continue
                if failures:
                    self._log("back", reason=f"after {failures} attempts")
                failures = 0
                if once:
                    break
                self._sleep(self._pace.interval)
        except Interruption as interruption:
            self._log("stopped", reason=str(interruption))
            raise
        self._log("stopped", reason="nothing more is ready")

    def round(self) -> int:
        """Handle all studies that are ready now; returns how many."""
        count, before = 0, (self._state.since, self._state.seen)
        for event in self._follower.ready():
            self._handle(event.study_uid)
            with self._shelter.sheltered():
                self._follower.handled(event)
                self._state.save()
            count += 1
        if not count and before != (self._state.since, self._state.seen):
            with self._shelter.sheltered():
                self._state.save()
        return count

    def _handle(self, uid: str) -> None:
        """Bring one study to an end: fused, refused or failed.

        Raises:
            ServerAwayError, WriteError: try again later.
            LoginError, ModelError: no study can be done.
        """
        self._server.identities.forget()
        found = self._server.series(uid)
        if not found:
            return  # deleted meanwhile
        mark = fingerprint(found, self._state.own_series())
        before = self._state.study(uid)
        same = before is not None and before.fingerprint == mark
        if same and before.final:
            self._log("skipped", study=uid, reason=f"no new sources since it was {before.status}")
            return
        attempts = before.attempts + 1 if same else 1
        series = before.series if before else ""
        self._put(uid, Study(mark, "working", attempts, series))
        if attempts > MOST_ATTEMPTS:
            self._end(uid, "failed", f"given up after {MOST_ATTEMPTS} attempts")
            return
        try:
            self._fuse(uid, found)
        except Interruption:
            with self._shelter.sheltered():
                if not self._state.study(uid).final:
                    self._state.change(uid, attempts=attempts - 1)  # it was our doing, not the study's
                    self._log("interrupted", study=uid, reason="to be done on the next start")
            raise
        except (LoginError, ModelError, ServerAwayError, WriteError):
            raise
        except ServerError as error:
            self._end(uid, "failed", str(error))
        except FusionError as error:
            self._end(uid, "refused", str(error))
        except MemoryError:
            self._end(uid, "failed", "not enough memory for images of this size")
        except Exception as error:  # a defect of ours must not stop the other studies; its text may hold anything
            self._end(uid, "failed", f"unexpected {type(error).__name__}; please report it")

    def _fuse(self, uid: str, found: list[FoundSeries]) -> None:
        def stored(outcome: Outcome) -> None:
            self._state.change(uid, status="done")
            facts = {**outcome.facts, "series": outcome.series_uid, "objects": outcome.objects, "sent": outcome.sent}
            self._log(outcome.action, study=uid, reason="; ".join(outcome.warnings), **facts)

        fuse_study(
            self._server,
            uid,
            self._options,
            model=self._model,
            shelter=self._shelter,
            nuclear_only=True,
            found=found,
            scratch=self._workplace.scratch,
            before_store=lambda series: self._state.change(uid, status="storing", series=series),
            after_store=stored,
            progress=self._progress,
        )

    def _put(self, uid: str, study: Study) -> None:
        with self._shelter.sheltered():
            self._state.put(uid, study)

    def _end(self, uid: str, status: str, reason: str) -> None:
        with self._shelter.sheltered():
            self._state.change(uid, status=status)
            self._log("refused" if status == "refused" else "failed", study=uid, reason=reason)

    def _log(self, action: Action, *, study: str = "", reason: str = "", **facts: object) -> None:
        said = self._audit.write(action, study=study or None, reason=reason, **facts)
        self._say(f"{action}{f' {study}' if study else ''}{f': {said}' if said else ''}")
