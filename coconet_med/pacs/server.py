"""One DICOMweb server: search (QIDO-RS), fetch (WADO-RS) and store (STOW-RS), PS3.18 chapter 10.

All that dicomweb-client and requests can raise becomes a :class:`~coconet_med.pacs.errors.ServerError` of one line.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from dicomweb_client import DICOMwebClient

from coconet_med.dicom import headers
from coconet_med.errors import FusionError, OptionError
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.identities import Identities
from coconet_med.pacs.session import Limits, Tls, make_session

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.pacs.address import Address
    from coconet_med.pacs.secret import Login

UID = re.compile(r"[0-9]+(\.[0-9]+)*")
# Both write whole tracebacks as warnings; without a handler Python would print them on standard error.
for _name in ("retrying", "dicomweb_client"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

#: Answers that say "later".
BUSY = (408, 425, 429, 500, 502, 503, 504)
#: Pages of a search that are read at most.
MOST_PAGES = 1000


@dataclass(frozen=True)
class FoundSeries:
    """One series as the search describes it; ``manufacturer`` and ``count`` are empty where the server does not say."""

    uid: str
    modality: str
    description: str
    manufacturer: str
    count: int | None


class Server:
    """A DICOMweb server.

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
        self._session = make_session(address, login=login, tls=tls or Tls(), limits=self.limits)
        self._timeout = (self.limits.connect, self.limits.silence)
        # Larger than a store request of store.py, which is thus sent with its length instead of in chunks.
        self._client = DICOMwebClient(address.url, self._session, chunk_size=2**26, timeout=self._timeout)
        self._client.set_http_retry_params(retry=False)  # waiting is decided in watch.py, where it can be interrupted

    def series(self, study_uid: str) -> list[FoundSeries]:
        """The series of a study; empty where the server does not know it."""
        uid = check_uid(study_uid, "study")
        with self._asking("search"):
            found = self._pages(self._client.search_for_series, uid, fields=["Manufacturer", "SeriesDescription"])
        return [_found_series(ds) for ds in found]

    def objects(self, study_uid: str, series_uid: str) -> set[str]:
        """SOP Instance UIDs that the server holds of a series."""
        with self._asking("search"):
            try:
                found = self._pages(self._client.search_for_instances, study_uid, series_uid)
            except requests.HTTPError as error:  # some servers say 404 instead of an empty list
                if error.response is not None and error.response.status_code == 404:
                    return set()
                raise
        return {headers.text(ds, "SOPInstanceUID") for ds in found}

    def studies(self, *, first_date: str, last_date: str) -> dict[str, int | None]:
        """Studies of some days (YYYYMMDD): Study Instance UID and number of objects."""
        with self._asking("search"):
            found = self._pages(
                self._client.search_for_studies,
                fields=["NumberOfStudyRelatedInstances"],
                search_filters={"StudyDate": f"{first_date}-{last_date}"},
            )
        pairs = (
            (headers.text(d, "StudyInstanceUID"), headers.whole(d, "NumberOfStudyRelatedInstances")) for d in found
        )
        return {uid: count for uid, count in pairs if UID.fullmatch(uid)}

    def metadata(self, study_uid: str, series_uid: str) -> list[Dataset]:
        """Headers of all objects of a series, without pixels."""
        with self._asking("fetch of headers"):
            return self._data_sets(self._client.retrieve_series_metadata(study_uid, series_uid))

    def fetch(self, study_uid: str, series_uid: str, keep: Callable[[Dataset], None]) -> None:
        """Hand the objects of a series to ``keep`` as the server has them (no transcoding), as they come in."""
        with self._asking("fetch"):
            for ds in self._client.iter_series(study_uid, series_uid, media_types=(("application/dicom", "*"),)):
                keep(ds)

    def store(self, study_uid: str, objects: Sequence[Dataset]) -> dict[str, str]:
        """Store objects in one request.

        Returns:
            SOP Instance UID and reason of those that the server says it did not take.  Servers say this in many ways:
            ask :meth:`objects` what is really there.
        """
        with self._asking("store"):
            try:
                answer = self._client.store_instances(objects, study_uid)
            except requests.HTTPError as error:
                if error.response is None or error.response.status_code != 409:
                    raise
                answer = _conflict(error.response)
        failed = headers.items(answer, "FailedSOPSequence")
        return {
            headers.text(one, "ReferencedSOPInstanceUID"): f"code {headers.whole(one, 'FailureReason') or 0:04X}"
            for one in failed
        }

    def get_json(self, url: str, **params: int | str) -> Any:
        """JSON of an interface beside DICOMweb (Orthanc's own), ``None`` where it does not exist.

        Raises:
            ServerError: see :class:`Server`.
        """
        with self._asking("request"):
            response = self._session.get(url, params=params, timeout=self._timeout)
            if response.status_code in (404, 405):
                return None
            response.raise_for_status()
            return response.json()

    def _pages(self, search: Any, *where: str, **options: Any) -> list[Dataset]:
        """All results of a search, page by page; a server that ignores the offset does not make us go in circles."""
        found: dict[str, dict] = {}
        for _ in range(MOST_PAGES):
            page = search(*where, offset=len(found), **options)
            fresh = {repr(sorted(one.items(), key=lambda e: e[0])): one for one in page}
            fresh = {key: one for key, one in fresh.items() if key not in found}
            found |= fresh
            if not fresh:
                return self._data_sets(list(found.values()))
            if len(found) > 10 * self.limits.objects:
                break
        raise ServerError(f"a search at {self.address.url} has more than {len(found)} results; refused")

    def _data_sets(self, answers: list[dict]) -> list[Dataset]:
        from pydicom import Dataset

        data_sets = [Dataset.from_json(one, bulk_data_uri_handler=lambda *_: b"") for one in answers]
        self.identities.learn(data_sets)
        return data_sets

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turn everything that goes wrong into one line about server and request."""
        where = f"{self.address.url}: {what}"
        with headers.quiet():
            try:
                yield
            except FusionError as error:
                if isinstance(error, ServerError) and not str(error).startswith(self.address.url):
                    raise type(error)(f"{where}: {error}") from None
                raise
            except requests.exceptions.SSLError as error:
                msg = f"{where}: TLS failed ({_tls_reason(error)}); check --ca-bundle, --client-cert and the address"
                raise ServerError(msg) from None
            except requests.HTTPError as error:
                raise _http_error(where, error) from None
            except requests.Timeout:
                raise ServerAwayError(f"{where}: no answer in {self.limits.silence:.0f} s") from None
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                raise ServerAwayError(f"{where}: the server cannot be reached, or hung up") from None
            except (requests.RequestException, OSError) as error:
                raise ServerError(f"{where}: failed ({type(error).__name__})") from None
            except Exception as error:  # pydicom and json raise almost any kind on what a server may send
                raise ServerError(f"{where}: the answer cannot be understood ({type(error).__name__})") from None


def check_uid(uid: str, what: str) -> str:
    """A UID that can be put into an address.

    Raises:
        OptionError: it is no UID (PS3.5 section 9.1).
    """
    text = uid.strip()
    if not UID.fullmatch(text) or len(text) > 64:
        raise OptionError(f"{what} {headers.printable(uid, limit=80)}: no DICOM UID; expected digits and dots")
    return text


def _found_series(ds: Dataset) -> FoundSeries:
    uid = headers.text(ds, "SeriesInstanceUID")
    if not UID.fullmatch(uid) or len(uid) > 64:
        raise ServerError("the search gave a series without a valid UID")
    count = headers.whole(ds, "NumberOfSeriesRelatedInstances")
    texts = (headers.text(ds, tag).strip() for tag in ("Modality", "SeriesDescription", "Manufacturer"))
    modality, description, manufacturer = texts
    return FoundSeries(uid, modality.upper(), description, manufacturer, count)


def _conflict(response: requests.Response) -> Dataset:
    """What the server says when it took none of the objects (409)."""
    from pydicom import Dataset

    if "json" not in response.headers.get("Content-Type", ""):
        raise ServerError("it took none of the objects (409)")
    answer = response.json()
    return Dataset.from_json(answer[0] if isinstance(answer, list) else answer)


def _http_error(where: str, error: requests.HTTPError) -> ServerError:
    status = error.response.status_code if error.response is not None else 0
    if status in (401, 403):
        msg = f"{where}: not allowed ({status}); check --user and its password, or the token, and what it may do"
        return LoginError(msg)
    if status in BUSY:
        return ServerAwayError(f"{where}: the server has trouble ({status})")
    if status == 404:
        return ServerError(f"{where}: not there (404); check the address and the UID")
    return ServerError(f"{where}: refused ({status})")


def _tls_reason(error: BaseException) -> str:
    """The part of OpenSSL's message that says what is wrong."""
    text = headers.printable(error, limit=2000)
    for word in ("CERTIFICATE_VERIFY_FAILED", "certificate required", "hostname", "WRONG_VERSION_NUMBER", "KEY_VALUES"):
        if word.lower() in text.lower():
            return word.lower().replace("_", " ")
    return "handshake"
