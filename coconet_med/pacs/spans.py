"""Cut a time span in halves until a server that caps its answers has shown every study of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import requests

from coconet_med.pacs.search import NOT_SO, status

if TYPE_CHECKING:
    from coconet_med.pacs.search import Answer, Habits

#: Spans are not cut shorter than this.
SHORTEST = timedelta(minutes=5)
DAY = timedelta(days=1)
#: Tags of the UID that tells studies apart, in DICOM JSON.
STUDY_UID = "0020000D"


@dataclass(frozen=True)
class Span:
    """Study Date and Time from ``first`` up to, not including, ``end``: whole days, or a part of one day."""

    first: datetime
    end: datetime

    @classmethod
    def of_days(cls, first: str, last: str) -> Span:
        """From the begin of one day (YYYYMMDD) to the end of another."""
        days = (datetime.strptime(day, "%Y%m%d") for day in (first, last))
        return cls(next(days), next(days) + DAY)

    def filters(self) -> dict[str, str]:
        """As matching keys of a search (PS3.4 section C.2.2.2.5)."""
        last = self.end - timedelta(seconds=1)
        days = {"StudyDate": f"{self.first:%Y%m%d}-{last:%Y%m%d}"}
        if self.end - self.first >= DAY:
            return days
        return {"StudyDate": f"{self.first:%Y%m%d}", "StudyTime": f"{self.first:%H%M%S}-{last:%H%M%S}.999999"}

    def halves(self) -> tuple[Span, Span] | None:
        """Two spans, cut at midnight where there is one; ``None`` where it is short."""
        length = self.end - self.first
        if length <= SHORTEST:
            return None
        middle = self.first + (length // DAY // 2 * DAY if length >= 2 * DAY else length // 2)
        return Span(self.first, middle), Span(middle, self.end)


def whole_answer(ask: Callable[..., Answer], span: Span, habits: Habits) -> list[dict]:
    """Every study of a span.

    An answer that may be cut is compared with those for both halves of its span.  Do they hold more together, the
    server caps its answers, and each half that is as long is cut again.  Answers no longer than one that was seen to
    be whole are believed.

    Args:
        ask: the search, with matching keys by keyword.
        span: what is searched.
        habits: of the server; the length of whole answers is noted here.
    """
    first = ask(**span.filters())
    found = {_uid(one): one for one in first.found}
    if first.more and len(found) > habits.whole:
        shown = len(found)
        for one in _beyond(ask, span, set(found)):
            found.setdefault(_uid(one), one)
        if len(found) == shown:
            habits.whole = shown
    return list(found.values())


def _beyond(ask: Callable[..., Answer], span: Span, known: set[str]) -> Iterator[dict]:
    """What the halves of a span hold, beyond its own answer ``known``."""
    halves = span.halves()
    if halves is None:
        return
    parts = []
    for half in halves:
        try:
            parts.append((half, ask(**half.filters()).found))
        except requests.HTTPError as error:
            if status(error) not in NOT_SO:
                raise
            return  # no search by time here
    sizes = [len(part) for _, part in parts]
    uids = [{_uid(one) for one in part} for _, part in parts]
    for _, part in parts:
        yield from part
    if uids[0] | uids[1] <= known and min(sizes):
        return  # it was whole (or the server ignores the time, and nothing can be learned)
    for (half, _), here in zip(parts, uids, strict=True):
        if len(here) >= len(known):
            yield from _beyond(ask, half, here)


def _uid(match: dict) -> str:
    value = match.get(STUDY_UID, {}).get("Value") or [""]
    return str(value[0])
