"""The folder of one watcher: state, audit log and temporary files, locked against a second watcher."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import IO, Self

from coconet_med.errors import OptionError, WriteError


class StateFolder:
    """Makes the folder (for its owner only), locks it, and clears what a killed watcher left.

    Args:
        folder: made if it is not there.

    Raises:
        OptionError: another watcher works here.
        WriteError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_file, self.audit_file = folder / "state.json", folder / "audit.jsonl"
        self.scratch = folder / "scratch"
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("ab")
        except OSError as error:
            raise WriteError(f"{self.folder}: cannot be written ({error.strerror}); choose another --folder") from None
        try:
            _lock(self._lock)
        except OSError:
            self._lock.close()
            raise OptionError(f"{self.folder}: another watcher works here; stop it, or give another --folder") from None
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(mode=0o700, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self._lock:
            self._lock.close()  # and with it the lock goes, as it does when the process dies


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
