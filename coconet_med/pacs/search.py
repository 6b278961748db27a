"""Searches (QIDO-RS, PS3.18 section 10.6) that trust neither limits nor offsets of a server.

A server may cap an answer without saying so, ignore ``offset``, refuse it, or answer 204, 404 or an empty page beyond
the end.  None of these tells whether there is more, so :func:`search` says when it is not sure, and its callers ask
another question: with a narrower filter, or for headers instead of a search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from coconet_med.pacs.errors import ServerError

#: Pages of a search that are read at most.
MOST_PAGES = 1000
#: Answers to a page beyond the first that mean: nothing more, or no such thing as pages here.
NO_PAGE = (400, 404, 416, 501)
#: Answers that may mean that an optional key is not known here (``includefield``).
NOT_SO = (400, 406, 422, 501)


@dataclass
class Habits:
    """What a server was seen to refuse, so that it is asked once and not at every look."""

    #: Whether ``includefield`` is taken.
    fields: bool = True
    #: Media types for images, the best first: as they are stored, or as the server likes.
    media: list[Any] = field(default_factory=lambda: [("application/dicom", "*"), "application/dicom"])
    #: Answers to a search for studies of up to so many matches were seen to be whole.
    whole: int = 1


@dataclass(frozen=True)
class Answer:
    """What a search gave.

    Attributes:
        found: DICOM JSON of each match, once.
        more: whether the server may hold more that it does not show: it gave something, and no page after it.
    """

    found: tuple[dict, ...]
    more: bool


def search(
    ask: Callable[..., list[dict]],
    *where: str,
    habits: Habits,
    fields: Sequence[str] = (),
    filters: dict[str, str] | None = None,
    most: int,
) -> Answer:
    """All matches that the pages of a search give.

    Args:
        ask: one of the ``search_for_...`` of :class:`dicomweb_client.DICOMwebClient`.
        where: UIDs before the search.
        habits: of the server; what it refuses is noted here.
        fields: keywords of attributes that are wanted but can be done without.
        filters: matching keys by keyword.
        most: matches after which the search is refused.

    Raises:
        ServerError: endless answers.
        requests.RequestException: what the first page met; 404 there is the caller's to understand.
    """
    found: dict[str, dict] = {}
    for number in range(MOST_PAGES):
        options: dict[str, Any] = {"search_filters": dict(filters)} if filters else {}
        if number:
            options["offset"] = len(found)
        try:
            page = _page(ask, *where, habits=habits, fields=fields, **options)
        except requests.HTTPError as error:
            if not number or status(error) not in NO_PAGE:
                raise
            page = []
        before = len(found)
        for one in page:
            found.setdefault(repr(sorted(one.items(), key=lambda e: e[0])), one)
        if len(found) == before:
            return Answer(tuple(found.values()), bool(found))
        if len(found) > most:
            break
    raise ServerError(f"the search has more than {len(found)} results; refused")


def _page(ask: Callable[..., list[dict]], *where: str, habits: Habits, fields: Sequence[str], **options: Any) -> list:
    """One page; without ``includefield`` where the server refuses that."""
    if fields and habits.fields:
        try:
            return ask(*where, fields=list(fields), **options)
        except requests.HTTPError as error:
            if status(error) not in NOT_SO or options.get("offset"):
                raise
            plain = ask(*where, **options)  # raises the same, if the fields were not the reason
            habits.fields = False
            return plain
    return ask(*where, **options)


def status(error: requests.HTTPError) -> int:
    """Of the answer, or 0."""
    return error.response.status_code if error.response is not None else 0
