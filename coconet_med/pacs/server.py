"""One DICOMweb server: search (QIDO-RS), fetch (WADO-RS) and store (STOW-RS), PS3.18 chapter 10.

Servers differ in what they answer, cap and refuse.  Where an answer is ambiguous, another question is asked: by
modality, by shorter times, for headers, for single objects.  What is wrong becomes a
:class:`~coconet_med.pacs.errors.ServerError` of one line (:mod:`coconet_med.pacs.connection`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from coconet_med.dicom import headers
from coconet_med.dicom.mapping_objects import MAPPING_MODALITY
from coconet_med.errors import OptionError
from coconet_med.pacs.connection import Connection
from coconet_med.pacs.errors import ServerAwayError, ServerError
from coconet_med.pacs.search import NOT_SO, Answer, search, status
from coconet_med.pacs.spans import Span, whole_answer

if TYPE_CHECKING:
    from pydicom import Dataset

UID = re.compile(r"[0-9]+(\.[0-9]+)*")
#: Modalities of series that a result is made of.
MODALITIES = ("MR", "PT", "NM", "CT", MAPPING_MODALITY)
#: Single objects that are asked for one by one at most, where a search leaves them out.
MOST_SINGLE = 2000
#: Answers to a request for all headers or images of a series that mean: not in one go.
NOT_AT_ONCE = (*NOT_SO, 404, 405, 413, 415)


@dataclass(frozen=True)
class FoundSeries:
    """One series as the search describes it; ``manufacturer`` and ``count`` are empty where the server does not say."""

    uid: str
    modality: str
    description: str
    manufacturer: str
    count: int | None


class Server(Connection):
    """A DICOMweb server and what can be asked of it."""

    def series(self, study_uid: str) -> list[FoundSeries]:
        """The series of a study; empty where the server does not know it.

        Raises:
            ServerError: it shows fewer than it says it has, whatever is asked.
        """
        uid = check_uid(study_uid, "study")
        answer = self._series(uid)
        found = {one.uid: one for one in map(_found_series, self._data_sets(answer.found))}
        if not answer.more:
            return list(found.values())
        promised = self._promised(uid, found.values())
        if promised is None or promised > len(found):
            full = False
            for modality in MODALITIES:
                part = self._series(uid, Modality=modality)
                found |= {one.uid: one for one in map(_found_series, self._data_sets(part.found))}
                full = full or len(part.found) >= max(len(answer.found), 2)
            if full and (promised := self._promised(uid, found.values()) or 0) > len(found):
                msg = f"{self.address.url}: search: it shows {len(found)} of at least {promised} series of study {uid}"
                raise ServerError(f"{msg}; raise the limit of results on the server")
        return list(found.values())

    def objects(self, study_uid: str, series_uid: str, wanted: Collection[str] = ()) -> set[str]:
        """SOP Instance UIDs that the server holds of a series.

        Args:
            study_uid: Study Instance UID.
            series_uid: Series Instance UID.
            wanted: those that matter; where the search leaves some out, they are asked for otherwise.
        """
        with self._asking("search"):
            try:
                answer = self._search(self._client.search_for_instances, study_uid, series_uid)
            except requests.HTTPError as error:  # some servers say 404 instead of an empty list
                if status(error) != 404:
                    raise
                answer = Answer((), False)
        found = {headers.text(ds, "SOPInstanceUID") for ds in self._data_sets(answer.found)}
        if answer.more and set(wanted) - found:
            found |= self._objects_with_headers(study_uid, series_uid)
            missing = sorted(set(wanted) - found)
            if len(missing) <= MOST_SINGLE:
                found |= {uid for uid in missing if self._has_object(study_uid, series_uid, uid)}
        return found

    def studies(self, *, first_date: str, last_date: str) -> dict[str, int | None]:
        """Studies of some days (YYYYMMDD): Study Instance UID and number of objects, ``None`` where it is not known."""
        with self._asking("search"):
            matches = whole_answer(self._studies, Span.of_days(first_date, last_date), self.habits)
        found: dict[str, int | None] = {}
        for ds in self._data_sets(matches):
            uid = headers.text(ds, "StudyInstanceUID")
            if UID.fullmatch(uid):
                count = headers.whole(ds, "NumberOfStudyRelatedInstances")
                found[uid] = self._count(uid) if count is None else count
        return found

    def metadata(self, study_uid: str, series_uid: str, *, count: int | None = None) -> list[Dataset]:
        """Headers of the objects of a series, without pixels.

        Args:
            study_uid: Study Instance UID.
            series_uid: Series Instance UID.
            count: how many objects the search says there are; the server is given time to show as many.

        Raises:
            ServerAwayError: it does not show as many.
        """
        for pause in pauses(self.limits.index):
            found = {headers.text(ds, "SOPInstanceUID"): ds for ds in self._metadata(study_uid, series_uid)}
            if count is None or len(found) >= count:
                return list(found.values())
            for uid in sorted(self.objects(study_uid, series_uid) - found.keys())[:MOST_SINGLE]:
                found[uid] = self._object_metadata(study_uid, series_uid, uid)
            if len(found) >= count:
                return list(found.values())
            time.sleep(pause)
        msg = f"{self.address.url}: fetch of headers: {len(found)} of {count} objects of series {series_uid}"
        raise ServerAwayError(f"{msg}; the server may still be taking it in, try again")

    def fetch(self, study_uid: str, series_uid: str, keep: Callable[[Dataset], None], uids: Sequence[str] = ()) -> None:
        """Hand the objects of a series to ``keep`` as the server has them (no transcoding, unless it refuses that).

        Args:
            study_uid: Study Instance UID.
            series_uid: Series Instance UID.
            keep: called with each object as it comes in.
            uids: its objects, for servers that give no whole series.
        """

        def whole(media: Any) -> Iterator[Dataset]:
            return self._client.iter_series(study_uid, series_uid, media_types=(media,))

        with self._asking("fetch"):
            try:
                for ds in self._as_liked(whole):
                    keep(ds)
                return
            except requests.HTTPError as error:
                if not uids or status(error) not in NOT_AT_ONCE:
                    raise
        for uid in uids:
            self.fetch_object(study_uid, series_uid, uid, keep)

    def fetch_object(self, study_uid: str, series_uid: str, uid: str, keep: Callable[[Dataset], None]) -> None:
        """The same for a single object."""

        def one(media: Any) -> Iterator[Dataset]:
            return iter([self._client.retrieve_instance(study_uid, series_uid, uid, media_types=(media,))])

        with self._asking("fetch"):
            for ds in self._as_liked(one):
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
                if (
                    status(error) != 409
                    or error.response is None
                    or "json" not in error.response.headers.get("Content-Type", "")
                ):
                    raise
                answer = _conflict(error.response)
        failed = headers.items(answer, "FailedSOPSequence")
        return {
            headers.text(one, "ReferencedSOPInstanceUID"): f"code {headers.whole(one, 'FailureReason') or 0:04X}"
            for one in failed
        }

    def _search(self, ask: Any, *where: str, **options: Any) -> Answer:
        return search(ask, *where, habits=self.habits, most=10 * self.limits.objects, **options)

    def _series(self, uid: str, **filters: str) -> Answer:
        fields = ("Manufacturer", "SeriesDescription")
        with self._asking("search"):
            return self._search(self._client.search_for_series, uid, fields=fields, filters=filters)

    def _studies(self, **filters: str) -> Answer:
        fields = ("NumberOfStudyRelatedInstances", "NumberOfStudyRelatedSeries")
        try:
            return self._search(self._client.search_for_studies, fields=fields, filters=filters)
        except requests.HTTPError as error:  # some servers say 404 where nothing matches; others where nothing is
            if status(error) != 404 or not self._client.search_for_studies(limit=1):
                raise
            return Answer((), False)

    def _promised(self, uid: str, found: Collection[FoundSeries]) -> int | None:
        """How many series the study has, in the server's words; one more than found where objects are missing.

        ``None`` where it does not say, or knows no search for studies at all: it has given the series already.
        """
        with self._asking("search"):
            try:
                answers = self._data_sets(self._studies(StudyInstanceUID=uid).found)
            except requests.HTTPError as error:
                if status(error) not in NOT_AT_ONCE:
                    raise
                return None
        for ds in answers:
            if headers.text(ds, "StudyInstanceUID") == uid:
                objects = headers.whole(ds, "NumberOfStudyRelatedInstances")
                if objects is not None and all(one.count is not None for one in found):
                    return len(found) + (objects > sum(one.count or 0 for one in found))
                return headers.whole(ds, "NumberOfStudyRelatedSeries")
        return None

    def _count(self, uid: str) -> int | None:
        """Objects of a study, series by series."""
        counts = [len(self.objects(uid, s.uid)) if s.count is None else s.count for s in self.series(uid)]
        return sum(counts) if counts else None

    def _metadata(self, study_uid: str, series_uid: str) -> list[Dataset]:
        with self._asking("fetch of headers"):
            try:
                return self._data_sets(self._client.retrieve_series_metadata(study_uid, series_uid))
            except requests.HTTPError as error:
                if status(error) not in NOT_AT_ONCE:
                    raise
                uids = sorted(self.objects(study_uid, series_uid))
                if not uids or len(uids) > MOST_SINGLE:
                    raise
        return [self._object_metadata(study_uid, series_uid, uid) for uid in uids]

    def _object_metadata(self, study_uid: str, series_uid: str, uid: str) -> Dataset:
        with self._asking("fetch of headers"):
            # Standard servers answer with a list, some with its only member.
            answer: Any = self._client.retrieve_instance_metadata(study_uid, series_uid, uid)
            return self._data_sets([answer[0] if isinstance(answer, list) else answer])[0]

    def _objects_with_headers(self, study_uid: str, series_uid: str) -> set[str]:
        with self._asking("fetch of headers"):
            try:
                found = self._client.retrieve_series_metadata(study_uid, series_uid)
            except requests.HTTPError as error:
                if status(error) not in NOT_AT_ONCE:
                    raise
                return set()
            return {headers.text(ds, "SOPInstanceUID") for ds in self._data_sets(found)}

    def _has_object(self, study_uid: str, series_uid: str, uid: str) -> bool:
        with self._asking("search"):
            try:
                found = self._client.search_for_instances(study_uid, series_uid, search_filters={"SOPInstanceUID": uid})
            except requests.HTTPError as error:
                if status(error) not in NOT_AT_ONCE:
                    raise
                return False
            return any(headers.text(ds, "SOPInstanceUID") == uid for ds in self._data_sets(found))


def pauses(most: float) -> Iterator[float]:
    """Seconds to wait between looks: growing from one, ``most`` together."""
    total, pause = 0.0, min(1.0, most)
    while total < most:
        yield min(pause, most - total)
        total, pause = total + pause, min(2 * pause, 10.0)
    yield 0.0


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

    answer = response.json()
    return Dataset.from_json(answer[0] if isinstance(answer, list) else answer)
