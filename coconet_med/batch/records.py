"""What a batch remembers between runs, in the folder ``.coconet`` of the output: one small file for each case.

A record is written before the first file of a result gets its final name (so that a later run knows which files are
its own) and again when the result is complete.  The folder can be deleted; everything is then done anew.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from coconet_med.batch.case import Outcome
from coconet_med.readers.checks import sha256_of
from coconet_med.writers.atomic import PART_PREFIX, write_together

FOLDER = ".coconet"


class Records:
    """The records below an output folder.

    Args:
        out: output folder of the batch.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / FOLDER

    def path(self, case_id: str, kind: str = "json") -> Path:
        """Where the record (or, by another ``kind``, the card or the lock) of a case lies."""
        return self.folder / f"{case_id}.{kind}"

    def load(self, case_id: str) -> Outcome | None:
        """The record of a case; ``None`` where there is none, or none that can be read."""
        try:
            return Outcome(**json.loads(self.path(case_id).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def store(self, outcome: Outcome) -> None:
        """Write a record, whole or not at all.

        Raises:
            WriteError: the disk does not let us.
        """
        text = json.dumps(outcome.to_dict(), indent=1, ensure_ascii=False)
        write_together([(self.path(outcome.id), lambda part: part.write_text(text, encoding="utf-8"))], overwrite=True)

    def all(self) -> list[Outcome]:
        """Every record, in the order of their names."""
        names = sorted(path.stem for path in self.folder.glob("*.json"))
        return [record for name in names if (record := self.load(name))]

    def describe(self, files: list[Path]) -> dict[str, list[int | str]]:
        """Size and sha256 of written files, by their path below the output folder."""
        plain = [inner for file in files for inner in (sorted(file.rglob("*")) if file.is_dir() else [file])]
        return {f.relative_to(self.out).as_posix(): [f.stat().st_size, sha256_of(f)] for f in plain if f.is_file()}

    def intact(self, outcome: Outcome) -> bool:
        """Whether all files of a finished case are there, unchanged."""
        if not outcome.outputs:
            return False
        for name, known in outcome.outputs.items():
            file = self.out / name
            if not file.is_file() or known is None or file.stat().st_size != known[0] or sha256_of(file) != known[1]:
                return False
        return True

    @contextlib.contextmanager
    def lock(self, case_id: str) -> Iterator[bool]:
        """Whether this process is the only one at a case; the operating system frees the lock when the process dies."""
        try:
            import fcntl
        except ImportError:  # Windows: no locks; files are still written whole or not at all
            yield True
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path(case_id, "lock"), os.O_CREAT | os.O_RDWR, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError:  # a file system without locks
                pass
            yield True
        finally:
            os.close(handle)


def remove_parts(targets: list[Path]) -> None:
    """Delete what a killed run left unfinished of these files; call it only while the case is locked."""
    for target in targets:
        for part in target.parent.glob(f"{PART_PREFIX}*-{target.name}"):
            part.unlink(missing_ok=True)
