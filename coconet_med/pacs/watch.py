"""The external worker: fuses every study that arrives with MR and PET or SPECT, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from coconet_med._version import __version__
from coconet_med.errors import FusionError, ModelError, WriteError
from coconet_med.pacs.errors import LimitError, LoginError, ServerAwayError, ServerError
from coconet_med.pacs.job import fuse_study
from coconet_med.pacs.plan import fingerprint
from coconet_med.pacs.signal_guard import Interruption
from coconet_med.pacs.state import Study

if TYPE_CHECKING:
    from coconet_med.model import Model
    from coconet_med.pacs.audit import Action, AuditLog
    from coconet_med.pacs.events import Follower
    from coconet_med.pacs.job import StudyOptions, StudyOutcome
    from coconet_med.pacs.server import FoundSeries, Server
    from coconet_med.pacs.signal_guard import SignalGuard
    from coconet_med.pacs.state import State
    from coconet_med.pacs.state_folder import StateFolder

#: A server that took our login before, and does not now, is asked again so often: it may just be starting.
MOST_LOGINS = 3
HOUR = 3600.0
#: Seconds after which a study that came to an end is looked at again: has it grown without being announced?
LOOKS = (600.0, HOUR, 6 * HOUR, 24 * HOUR)


@dataclass(frozen=True)
class Pace:
    """Seconds between two looks at the server, and the waits where something does not work.

    Attributes:
        interval: between two looks.
        first, most: while the server is away: doubled from the one up to the other.
        again, longest: until a study that failed is tried again: doubled from the one up to the other.
        give_up: after which a study that never worked is left.
    """

    interval: float = 10.0
    first: float = 5.0
    most: float = 300.0
    again: float = 60.0
    longest: float = 6 * HOUR
    give_up: float = 14 * 24 * HOUR

    def wait(self, failures: int) -> float:
        return min(self.first * 2 ** min(failures - 1, 30), self.most)

    def retry(self, attempts: int) -> float:
        return min(self.again * 2 ** min(attempts - 1, 30), self.longest)


class Watcher:
    """Follows a server and fuses what arrives; see ``docs/pacs.md`` for what it promises."""

    def __init__(
        self,
        server: Server,
        follower: Follower,
        state: State,
        audit: AuditLog,
        state_folder: StateFolder,
        options: StudyOptions,
        *,
        model: Model,
        guard: SignalGuard,
        pace: Pace | None = None,
        say: Callable[[str], None] = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._server, self._follower, self._state, self._audit = server, follower, state, audit
        self._state_folder, self._options, self._model, self._guard = state_folder, options, model, guard
        self._pace, self._say, self._sleep, self._progress = pace or Pace(), say, sleep, progress
        self._clock = clock

    def run(self, *, once: bool = False) -> None:
        """Work until a signal comes, or, ``once``, until nothing is ready.

        Raises:
            Interruption: a signal came; everything is in order.
            FusionError: it makes no sense to go on: wrong login, damaged weights, no disk.
        """
        said = self._follower.name
        self._log("started", reason=f"coconet-med {__version__}, {said}")
        worked, failures, logins = False, 0, 0
        try:
            while True:
                try:
                    self.round()
                except LoginError:
                    logins += 1
                    if not worked or logins > MOST_LOGINS:
                        raise
                    self._log("waiting", reason=f"the login is not accepted any more; attempt {logins}")
                    self._sleep(self._pace.most)
                    continue
                except (ServerError, WriteError) as error:
                    # At the start, what waiting does not mend is for a person to mend.
                    if not worked and not isinstance(error, (ServerAwayError, WriteError)):
                        raise
                    failures += 1
                    if failures == 1:
                        self._log("waiting", reason=str(error))
                    self._sleep(self._pace.wait(failures))
                    continue
                if self._follower.name != said:
                    said = self._follower.name
                    self._log("following", reason=said)
                if failures or logins:
                    self._log("back", reason=f"after {failures + logins} attempts")
                worked, failures, logins = True, 0, 0
                if once:
                    break
                self._sleep(self._pace.interval)
        except Interruption as interruption:
            self._log("stopped", reason=str(interruption))
            raise
        self._log("stopped", reason="nothing more is ready")

    def round(self) -> int:
        """Handle all studies that are ready or due now; returns how many."""
        count, before = 0, self._memory()
        for event in self._follower.ready():
            self._handle(event.study_uid, announced=True)
            with self._guard.deferred():
                self._follower.handled(event)
                self._state.save()
            count += 1
        if before != self._memory():
            with self._guard.deferred():
                self._state.save()
        for uid in self._state.due(self._clock()):
            self._handle(uid, announced=False)
            count += 1
        return count

    def _memory(self) -> tuple[object, ...]:
        state = self._state
        day = date.fromtimestamp(state.looked or 0)  # the time itself changes at every look
        return state.since, state.follow, day, dict(state.seen), dict(state.pending)

    def _handle(self, uid: str, *, announced: bool) -> None:
        """Bring one study to an end: fused, refused, or failed for now.

        Raises:
            ServerAwayError, WriteError: try again later; nothing was wrong with the study.
            LoginError, ModelError: no study can be done.
        """
        self._server.identities.forget()
        before = self._state.study(uid)
        try:
            found = self._server.series(uid)
        except ServerError as error:
            self._end_if_away(error)
            study = before or Study("", "failed", 0, first=self._clock())
            self._fail(uid, replace(study, attempts=study.attempts + 1), str(error))
            return
        if not found:  # deleted meanwhile, or not yet in the index
            self._look_later(uid, before or Study("", "absent"))
            return
        mark = fingerprint(found, self._state.own_series())
        same = before if before is not None and before.fingerprint == mark else None
        if same and same.final:
            if announced:
                self._log("skipped", study=uid, reason=f"no new sources since it was {same.status}")
            self._look_later(uid, same)
            return
        if same and announced and same.status == "failed" and (same.due or 0.0) > self._clock():
            self._log("skipped", study=uid, reason="no new sources since it failed; it is tried again at its time")
            return
        study = Study(mark, "working", 1, before.series if before else "", first=self._clock(), due=self._clock())
        if same:
            study = replace(study, attempts=same.attempts + 1, first=same.first)
            if same.status in ("working", "storing") and same.attempts > 1:
                self._fail(uid, same, f"the watcher was ended within it {same.attempts} times")
                return
        self._put(uid, study)
        self._try(uid, study, found)

    def _try(self, uid: str, study: Study, found: list[FoundSeries]) -> None:
        """One attempt, remembered as such before it begins: it may take the process down with it."""
        try:
            self._fuse(uid, found)
        except Interruption:
            with self._guard.deferred():
                now = self._state.study(uid)
                if now is None or not now.final:
                    self._log("interrupted", study=uid, reason="to be done on the next start")
                    self._forgive(uid, study)  # it was our doing, not the study's
            raise
        except (ModelError, WriteError):
            self._forgive(uid, study)
            raise
        except LimitError as error:
            self._refuse(uid, str(error))
        except ServerError as error:
            self._end_if_away(error, lambda: self._forgive(uid, study))
            self._fail(uid, study, str(error))
        except FusionError as error:
            self._refuse(uid, str(error))
        except MemoryError:
            self._fail(uid, study, "not enough memory for images of this size")
        except Exception as error:  # a defect of ours must not stop the other studies; its text may hold anything
            self._fail(uid, study, f"unexpected {type(error).__name__}; please report it")

    def _forgive(self, uid: str, study: Study) -> None:
        """The attempt does not count; the next is due at once."""
        with self._guard.deferred():
            self._state.change(uid, status="failed", attempts=study.attempts - 1, due=self._clock())

    def _end_if_away(self, error: ServerError, forgive: Callable[[], None] = lambda: None) -> None:
        """Raise where not one study is the trouble, but the server as a whole."""
        if isinstance(error, (ServerAwayError, LoginError)):
            try:
                self._server.ping()
            except ServerError:
                forgive()
                raise

    def _fuse(self, uid: str, found: list[FoundSeries]) -> None:
        known = self._state.study(uid)
        earlier = known.series if known is not None else ""

        def stored(outcome: StudyOutcome) -> None:
            facts = {**outcome.facts, "series": outcome.series_uid, "objects": outcome.objects, "sent": outcome.sent}
            said = list(outcome.warnings)
            if earlier not in ("", outcome.series_uid):  # DICOMweb (PS3.18 chapter 10) has no way to delete it
                said.append(
                    f"the earlier result {earlier} of other sources or settings stays beside it: delete it there"
                )
            self._log(outcome.action, study=uid, reason="; ".join(said), **facts)
            self._state.change(uid, status="done", due=self._clock() + LOOKS[0])

        fuse_study(
            self._server,
            uid,
            self._options,
            model=self._model,
            guard=self._guard,
            nuclear_only=True,
            found=found,
            scratch=self._state_folder.scratch,
            before_store=lambda series: self._state.change(uid, status="storing", series=series),
            after_store=stored,
            progress=self._progress,
        )

    # What became of a study is logged first: after a power cut, a line too many is better than one too few.

    def _refuse(self, uid: str, reason: str) -> None:
        with self._guard.deferred():
            self._log("refused", study=uid, reason=reason)
            self._state.change(uid, status="refused", due=self._clock() + LOOKS[0])

    def _fail(self, uid: str, study: Study, reason: str) -> None:
        """It is tried again after a pause that grows, for days."""
        now, series = self._clock(), (self._state.study(uid) or study).series
        pause, left = self._pace.retry(study.attempts), now - study.first > self._pace.give_up
        end = f"given up after {study.attempts} attempts" if left else f"tried again in {_words(pause)}"
        with self._guard.deferred():
            self._log("failed", study=uid, reason=f"{reason}; {end}")
            due = None if left else now + pause
            self._state.put(uid, replace(study, status="failed", series=series, due=due))

    def _look_later(self, uid: str, study: Study) -> None:
        """It is looked at again some times, ever more rarely."""
        looks = study.looks + 1
        due = self._clock() + LOOKS[looks] if looks < len(LOOKS) else None
        self._put(uid, replace(study, looks=looks, due=due))

    def _put(self, uid: str, study: Study) -> None:
        with self._guard.deferred():
            self._state.put(uid, study)

    def _log(self, action: Action, *, study: str = "", reason: str = "", **facts: object) -> None:
        said = self._audit.write(action, study=study or None, reason=reason, **facts)
        self._say(f"{action}{f' {study}' if study else ''}{f': {said}' if said else ''}")


def _words(seconds: float) -> str:
    """A pause as people say it."""
    for unit, name in ((HOUR, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
