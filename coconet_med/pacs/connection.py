"""The connection to a DICOMweb server: one session, and every failure as one line (:mod:`coconet_med.pacs.asking`)."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import requests
from dicomweb_client import DICOMwebClient

from coconet_med.pacs.asking import asking
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.identities import Identities
from coconet_med.pacs.search import NOT_SO, Habits, status
from coconet_med.pacs.session import Limits, Tls, make_session

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.pacs.address import Address
    from coconet_med.pacs.secret import Login

# Both write whole tracebacks as warnings; without a handler Python would print them on standard error.
for _name in ("retrying", "dicomweb_client"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Connection:
    """One server as dicomweb-client sees it.

    Args:
        address: of its DICOMweb root.
        login: who we are, if it asks.
        tls: certificates.
        limits: what it may cost us.
    """

    def __init__(
        self, address: Address, *, login: Login | None = None, tls: Tls | None = None, limits: Limits | None = None
    ) -> None:
        self.address = address
        self.limits = limits or Limits()
        self.identities = Identities()  # of everybody met since it was last emptied; see audit.py
        self._login, self.habits = login, Habits()
        self._last: Callable[[], requests.Response | None] = lambda: None
        self._session = make_session(address, login=login, tls=tls or Tls(), limits=self.limits)
        self._session.hooks["response"].append(self._remember)
        self._timeout = (self.limits.connect, self.limits.silence)
        # Larger than a store request of store.py, which is thus sent with its length instead of in chunks.
        self._client = DICOMwebClient(address.url, self._session, chunk_size=2**26, timeout=self._timeout)
        self._client.set_http_retry_params(retry=False)  # waiting is decided in watch.py, where it can be interrupted

    def ping(self) -> None:
        """Ask for one study of today.

        Raises:
            ServerAwayError, LoginError: the server as a whole does not work for us now.
        """
        try:
            with self._asking("search"):
                self._client.search_for_studies(limit=1, search_filters={"StudyDate": f"{date.today():%Y%m%d}"})
        except (ServerAwayError, LoginError):
            raise
        except ServerError:
            return  # it answers, if only that it does not like the question

    def get_json(self, url: str, **params: int | str) -> Any:
        """JSON of an interface beside DICOMweb (Orthanc's own), ``None`` where it does not exist.

        Raises:
            ServerError: nothing usable came.
        """
        with self._asking("request"):
            response = self._session.get(url, params=params, timeout=self._timeout)
            if response.status_code in (404, 405):
                return None
            response.raise_for_status()
            return response.json()

    def _as_liked(self, fetch: Callable[[Any], Iterator[Dataset]]) -> Iterator[Dataset]:
        """With the first media type that the server does not refuse."""
        for media in list(self.habits.media):
            try:
                found = fetch(media)
            except requests.HTTPError as error:
                if status(error) not in NOT_SO or media == self.habits.media[-1]:
                    raise
                continue
            self.habits.media = self.habits.media[self.habits.media.index(media) :]
            return found
        raise AssertionError("the list of media types is never empty")

    def _data_sets(self, answers: Sequence[dict]) -> list[Dataset]:
        from pydicom import Dataset

        with self._asking("search"):
            data_sets = [Dataset.from_json(one, bulk_data_uri_handler=lambda *_: b"") for one in answers]
            self.identities.learn(data_sets)
            return data_sets

    def _remember(self, response: requests.Response, **_: Any) -> requests.Response:
        self._last = weakref.ref(response)  # not the answer itself, which can be large
        return response

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        secrets = self._login.forms if self._login else tuple
        with asking(self.address.url, what, silence=self.limits.silence, last=lambda: self._last(), secrets=secrets):
            yield
