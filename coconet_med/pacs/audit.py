"""The audit log: one JSON object a line, appended and synced, without the names of patients."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from coconet_med.errors import WriteError

Action = Literal[
    "started", "following", "waiting", "back", "stopped",  # the watcher
    "stored", "already there", "skipped", "refused", "failed", "interrupted",  # a study
]  # fmt: skip


class AuditLog:
    """Appends to a file that only its owner may read.

    Args:
        path: of the log; never rewritten, so that it can be rotated by renaming while nothing runs.
        redact: takes identifying texts out of a reason.
    """

    def __init__(self, path: Path, *, redact: Callable[[str], str] = str) -> None:
        self._path, self._redact = path, redact

    def write(self, action: Action, *, study: str | None = None, reason: str = "", **facts: Any) -> str:
        """Append one line.

        Args:
            action: what happened.
            study: Study Instance UID.
            reason: why, in words.
            facts: UIDs, hashes and counts.

        Returns:
            ``reason`` as it was written.

        Raises:
            WriteError: the line cannot be written; nothing may be done without one.
        """
        said = self._redact(reason)
        entry = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "action": action}
        entry |= {key: value for key, value in (("study", study), ("reason", said)) if value}
        line = json.dumps(entry | facts, allow_nan=False) + "\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WriteError(
                f"{self._path}: cannot be written ({error.strerror}); free space or choose another"
            ) from None
        return said
