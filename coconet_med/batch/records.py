"""What a batch remembers between runs, in the folder ``.coconet`` of the output: one small file for each case.

A record is written before the first file of a result gets its final name (so that a later run knows which files are
its own) and again when the result is complete.  The folder can be deleted; everything is then done anew.

An output folder may come from somebody else, so a record is not believed: names that lead out of the folder are not
followed, and a file is deleted only where it is the one that the record describes.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from typing import Any, get_args

from coconet_med.batch.case import Outcome, Status
from coconet_med.errors import WriteError
from coconet_med.system.digest import sha256_of
from coconet_med.writers.atomic import part_name, work_prefix, write_together

FOLDER = ".coconet"
#: Stands for the batch as a whole where a lock has the name of a case; no case can be called so.
OF_ALL = ".all"
#: Seconds that a run waits for another one that writes the files of the whole batch.
LONGEST_WAIT = 60.0


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
        """The record of a case; ``None`` where there is none, or none that can be read.

        Outputs whose names lead out of the output folder are left out of it.
        """
        try:
            record = Outcome(**json.loads(self.path(case_id).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        if record.id != case_id or not _sound(record):
            return None
        record.outputs = {name: known for name, known in record.outputs.items() if self.inside(name)}
        return record

    def inside(self, name: str) -> Path | None:
        """The path of an output below the output folder; ``None`` for a name that leads elsewhere.

        That is an absolute one, one with ``..``, the folder itself, the records, and a path through a link out of it.
        """
        words = name.split("/")
        if "\\" in name or PureWindowsPath(name).drive or words[0] == FOLDER or {"", ".", ".."} & set(words):
            return None
        path = self.out / name
        try:
            return path if path.parent.resolve().is_relative_to(self.out.resolve()) else None
        except (OSError, RuntimeError, ValueError):  # a loop of links; a name that no file system takes
            return None

    def store(self, outcome: Outcome) -> None:
        """Write a record, whole or not at all.

        Raises:
            WriteError: the disk does not let us.
        """
        text = json.dumps(outcome.to_dict(), indent=1)
        write_together([(self.path(outcome.id), lambda part: part.write_text(text, encoding="utf-8"))], overwrite=True)

    def all(self) -> list[Outcome]:
        """Every record, in the order of their names."""
        names = sorted(path.stem for path in self.folder.glob("*.json"))
        return [record for name in names if (record := self.load(name))]

    def leftover(self, is_one: Callable[[str], bool]) -> list[Outcome]:
        """What earlier runs made of cases that are none now, and what still lies there of it.

        Args:
            is_one: whether an id is that of a case that there is.
        """
        found = []
        for record in self.all():
            there = {name: known for name, known in record.outputs.items() if os.path.lexists(self.out / name)}
            if there and not is_one(record.id):
                found.append(
                    Outcome(record.id, "leftover", "of an earlier run, and no case of this one", outputs=there)
                )
        return found

    def describe(self, files: list[Path]) -> dict[str, list[int | str]]:
        """Size and sha256 of written files, by their path below the output folder."""
        plain = [inner for file in files for inner in (sorted(file.rglob("*")) if file.is_dir() else [file])]
        return {f.relative_to(self.out).as_posix(): [f.stat().st_size, sha256_of(f)] for f in plain if f.is_file()}

    def intact(self, outcome: Outcome) -> bool:
        """Whether all files of a finished case are there, unchanged."""
        return bool(outcome.outputs) and all(self.unchanged(name, known) for name, known in outcome.outputs.items())

    def unchanged(self, name: str, known: list[int | str] | None) -> bool:
        """Whether an output is there as its record describes it."""
        file = self.inside(name)
        if file is None or known is None or not file.is_file():
            return False
        return file.stat().st_size == known[0] and sha256_of(file) == known[1]

    def remove(self, outputs: dict[str, Any], *, own: str) -> list[str]:
        """Delete outputs that are there as their record describes them, and folders that become empty by it.

        Args:
            outputs: of a record.
            own: what names of this case begin with: what an interrupted run claimed under them goes undescribed.

        Returns:
            Names of outputs that are still there, because they are not what the record describes.
        """
        left = []
        for name, known in outputs.items():
            file = self.inside(name)
            if file is None or not os.path.lexists(file):
                continue
            claimed = known is None and name.startswith(own) and file.is_file()
            if not claimed and not self.unchanged(name, known):
                left.append(name)
                continue
            file.unlink()
            self.remove_empty(file.parent)
        return left

    def earlier(self, outputs: dict[str, Any]) -> str:
        """What to add to the reason of a failure where files of an earlier result lie under the names of this one."""
        there = [name for name in outputs if (file := self.inside(name)) and os.path.lexists(file)]
        return f"; {there[0]} is still there, of an earlier run" if there else ""

    def remove_empty(self, folder: Path) -> None:
        """Delete a folder below the output folder if it is empty, and so on upwards."""
        while folder != self.out and folder.is_relative_to(self.out):
            try:
                folder.rmdir()
            except OSError:  # not empty, or not there
                return
            folder = folder.parent

    @contextlib.contextmanager
    def lock(self, case_id: str) -> Iterator[bool]:
        """Whether this process is the only one at a case; the operating system frees the lock when the process dies."""
        try:
            import fcntl
        except ImportError:  # Windows: no locks; files are still written whole or not at all
            yield True
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path(case_id, "lock"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o644)
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

    @contextlib.contextmanager
    def alone(self, targets: list[Path]) -> Iterator[None]:
        """While files of the whole batch are written, by one run at a time; what a killed run left of them is deleted.

        Another run is waited for, but not for long: files are written whole or not at all in any case.

        Raises:
            WriteError: the file of the lock cannot be opened.
        """
        end = time.monotonic() + LONGEST_WAIT
        with contextlib.ExitStack() as held:
            while True:
                try:
                    mine = held.enter_context(self.lock(OF_ALL))
                except OSError as error:
                    raise WriteError(f"{self.path(OF_ALL, 'lock')}: {error.strerror}; delete it") from error
                if mine or time.monotonic() > end:
                    break
                held.close()
                time.sleep(0.1)
            if mine:
                remove_parts(targets)
            yield


def _sound(record: Outcome) -> bool:
    """Whether the values of a record are of the kinds that they should be."""
    kinds: dict[str, Any] = {"error": str, "finished": str, "seconds": (int, float), "fingerprint": dict, "facts": dict}
    kinds |= {"outputs": dict, "warnings": list}  # read from a file that anyone may have changed
    if record.status not in get_args(Status) or not all(isinstance(getattr(record, n), k) for n, k in kinds.items()):
        return False
    outputs = (known is None or (isinstance(known, list) and len(known) == 2) for known in record.outputs.values())
    return all(outputs) and all(isinstance(warning, str) for warning in record.warnings)


def remove_parts(targets: list[Path]) -> None:
    """Delete what a killed run left unfinished of these targets; call it only while the case is locked."""
    for target in targets:
        for part in target.parent.glob(glob.escape(part_name(target, "TOKEN")).replace("TOKEN", "????????")):
            with contextlib.suppress(OSError):
                part.unlink()
        for work in target.parent.glob(f"{glob.escape(work_prefix(target))}????????"):
            shutil.rmtree(work, ignore_errors=True)
