"""Store a series on the server, ask what it really holds, and complete what an earlier attempt left undone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.pacs.errors import ServerAwayError, ServerError

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.pacs.server import Server

#: Bytes of one store request; larger series go in several.
BATCH_BYTES = 2**25
#: Attempts to get a series complete; the server gets the same objects, so that nothing is stored twice.
ATTEMPTS = 3


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


def store(server: Server, study_uid: str, files: Sequence[Path], *, again: bool = False) -> Stored:
    """Store the files of one series.

    Args:
        server: where to.
        study_uid: Study Instance UID of the files.
        files: in slice order.
        again: send objects that the server has already; it replaces them or keeps its own, as it is set up.

    Raises:
        ServerError: the server does not hold all objects afterwards; the message says how many it holds.
    """
    from pydicom import dcmread

    heads = [dcmread(path, specific_tags=["SOPInstanceUID", "SeriesInstanceUID"]) for path in files]
    uids = {str(head.SOPInstanceUID): path for head, path in zip(heads, files, strict=True)}
    series_uid = str(heads[0].SeriesInstanceUID)
    there = server.objects(study_uid, series_uid)
    missing = list(uids) if again else [uid for uid in uids if uid not in there]
    sent, refused = len(missing), {}
    for attempt in range(1, ATTEMPTS + 1):
        if not missing:
            break
        try:
            refused = _send(server, study_uid, [uids[uid] for uid in missing])
            there = server.objects(study_uid, series_uid)
        except ServerAwayError as error:
            if attempt == ATTEMPTS:
                raise ServerAwayError(f"{error}; the series {series_uid} may be incomplete, run it again") from None
            continue
        missing = [uid for uid in uids if uid not in there]
    if missing:
        reason = next(iter(refused.values()), "no reason given")
        msg = f"{server.address.url}: took {len(uids) - len(missing)} of {len(uids)} objects of series {series_uid}"
        raise ServerError(f"{msg} ({reason}); ask its administrator, then run it again to complete it")
    return Stored(series_uid, len(uids), sent, _digest(files))


def _send(server: Server, study_uid: str, files: Sequence[Path]) -> dict[str, str]:
    """Send in batches; what the server says it refused."""
    from pydicom import dcmread

    refused: dict[str, str] = {}
    batch: list[Dataset] = []
    size = 0
    for path in files:
        batch.append(dcmread(path))
        size += path.stat().st_size
        if size >= BATCH_BYTES or path == files[-1]:
            refused |= server.store(study_uid, batch)
            batch, size = [], 0
    return refused


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
