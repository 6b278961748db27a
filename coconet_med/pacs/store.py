"""Store a series on the server, ask what it really holds, and complete what an earlier attempt left undone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.server import pauses
from coconet_med.system.digest import sha256_of

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.pacs.server import Server

#: Bytes of one store request, for each attempt to get a series complete: some servers refuse large ones.  The server
#: gets the same objects, so that nothing is stored twice.
BATCH_BYTES = (2**25, 2**22, 1)


@dataclass(frozen=True)
class Stored:
    """What is on the server now.

    Attributes:
        series_uid: of the result.
        objects: how many it has.
        sent: how many of them were sent now.
        sha256: over the files, in slice order.
    """

    series_uid: str
    objects: int
    sent: int
    sha256: str


def store(
    server: Server,
    study_uid: str,
    files: Sequence[Path],
    *,
    again: bool = False,
    hurry: Callable[[], bool] = lambda: False,
) -> Stored:
    """Store the files of one series.

    Args:
        server: where to.
        study_uid: Study Instance UID of the files.
        files: in slice order.
        again: send objects that the server has already; it replaces them or keeps its own, as it is set up.
        hurry: whether to wait no longer for a server that does not show yet what it took.

    Raises:
        ServerError: the server does not hold all objects afterwards; the message says how many it holds.
    """
    from pydicom import dcmread

    heads = [dcmread(path, specific_tags=["SOPInstanceUID", "SeriesInstanceUID"]) for path in files]
    uids = {str(head.SOPInstanceUID): path for head, path in zip(heads, files, strict=True)}
    series_uid = str(heads[0].SeriesInstanceUID)

    def absent() -> list[str]:
        there = server.objects(study_uid, series_uid, uids)
        return [uid for uid in uids if uid not in there]

    missing = list(uids) if again else absent()
    sent, sender = len(missing), _Sender(server, study_uid)
    for number, size in enumerate(BATCH_BYTES, start=1):
        if not missing:
            break
        try:
            sender.send([uids[uid] for uid in missing], size)
            missing = absent()
            for pause in pauses(server.limits.index):  # what it says it took, it may show later
                if not set(missing) - sender.trouble.keys() or hurry():
                    break
                time.sleep(pause)
                missing = absent()
        except ServerAwayError as error:
            if number == len(BATCH_BYTES):
                raise ServerAwayError(f"{error}; the series {series_uid} may be incomplete, run it again") from None
            continue
        if missing and not set(missing) & sender.trouble.keys():
            shown = f"shows {len(uids) - len(missing)} of {len(uids)} objects of series {series_uid} that it took"
            raise ServerAwayError(f"{server.address.url}: {shown}; run it again later, nothing is sent twice")
    if missing:
        reason = sender.trouble.get(missing[0], "no reason given")
        msg = f"{server.address.url}: took {len(uids) - len(missing)} of {len(uids)} objects of series {series_uid}"
        raise ServerError(f"{msg} ({reason}); ask its administrator, then run it again to complete it")
    return Stored(series_uid, len(uids), sent, sha256_of(*files))


class _Sender:
    """Sends files, and keeps what the server says against them: ``trouble``, reasons by SOP Instance UID."""

    def __init__(self, server: Server, study_uid: str) -> None:
        self._server, self._study_uid = server, study_uid
        self.trouble: dict[str, str] = {}

    def send(self, files: Sequence[Path], size: int) -> None:
        """In requests of ``size`` bytes or one file more."""
        from pydicom import dcmread

        self.trouble.clear()
        batch: list[Dataset] = []
        held = 0
        for path in files:
            batch.append(dcmread(path))
            held += path.stat().st_size
            if held >= size or path == files[-1]:
                self._request(batch)
                batch, held = [], 0

    def _request(self, batch: Sequence[Dataset]) -> None:
        try:
            self.trouble |= self._server.store(self._study_uid, batch)
        except (ServerAwayError, LoginError):
            raise
        except ServerError as error:  # it may have taken them all the same: what counts is what it holds
            self.trouble |= {str(ds.SOPInstanceUID): str(error) for ds in batch}
