"""Texts that could tell who a patient is, learned from headers so that they can be kept out of the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset

#: Value representations in which people write freely (PS3.5 section 6.2).
FREE_TEXT = ("PN", "LO", "SH", "LT", "ST", "UT", "UC")
#: Texts shorter than this name nobody, and would blot out words of the messages.
SHORTEST = 2
#: More texts than this are not remembered; nothing is let through then.
MOST = 100_000


class Identities:
    """Names, numbers, birth dates and descriptions that were met, and their removal from messages."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def forget(self) -> None:
        """Begin anew, with the next study."""
        self._texts.clear()

    def learn(self, data_sets: Iterable[Dataset]) -> None:
        """Remember the free texts of headers."""
        for ds in data_sets:
            for tag in list(ds.keys()):
                try:
                    vr = ds[tag].VR
                except Exception:  # damaged values; nobody can print them either
                    continue
                if vr in FREE_TEXT or tag == 0x00100030:  # birth date
                    for value in headers.words(ds, tag):
                        parts = re.split(r"[\^=\s]+", value) if vr == "PN" else []
                        self._texts.update(t for t in (value, *parts) if len(t) >= SHORTEST and len(self._texts) < MOST)

    def redact(self, text: str) -> str:
        """``text`` without any of them, whatever the case of letters."""
        if len(self._texts) >= MOST:
            return "not shown: too many names were met to keep them out"
        for known in sorted(self._texts, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", "[…]", text, flags=re.IGNORECASE)
        return text
