"""Files appear under their final names complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from coconet_med.errors import WriteError

#: Begins the name of unfinished files; a crash can leave some, which may be deleted.
PART_PREFIX = ".coconet-part-"


def write_together(jobs: Sequence[tuple[Path, Callable[[Path], Any]]], *, overwrite: bool = False) -> list[Path]:
    """Write several files: all of them under temporary names first, then each is moved to its final name.

    Args:
        jobs: final path, and a function that writes a given temporary path in the same folder.
        overwrite: replace existing files; without it an existing file is never touched.

    Returns:
        The final paths, in the order of the jobs.

    Raises:
        WriteError: a file exists already, or the disk, a permission or a quota does not let us.
    """
    token = secrets.token_hex(4)
    parts = [target.with_name(part_name(target, token)) for target, _ in jobs]
    try:
        for (_, job), part in zip(jobs, parts, strict=True):
            job(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        for (target, _), part in zip(jobs, parts, strict=True):
            _place(part, target, overwrite=overwrite)
    except (OSError, RuntimeError) as error:  # SimpleITK reports a full disk as RuntimeError
        raise WriteError(_words(error, [target for target, _ in jobs])) from error
    finally:
        for part in parts:
            with contextlib.suppress(OSError):  # not there, or a disk that is read-only by now
                part.unlink()
    return [target for target, _ in jobs]


def part_name(target: Path, token: str) -> str:
    """Name of the unfinished file of a target: its own with a prefix, cut in front so that it is never too long."""
    name = target.name.encode(errors="surrogateescape")[-200:].decode(errors="ignore")
    return f"{PART_PREFIX}{token}-{name}"


def work_prefix(target: Path) -> str:
    """Begins the name of the hidden folder in which the series of a target folder is made; eight characters follow."""
    name = target.name.encode(errors="surrogateescape")[-200:].decode(errors="ignore")
    return f".coconet-med-{name}-"


def _words(error: Exception, targets: list[Path]) -> str:
    """What went wrong, where, and what to do."""
    number = getattr(error, "errno", None)
    if number == errno.ENAMETOOLONG:
        longest = max(targets, key=lambda target: len(os.fsencode(target.name)))
        size = len(os.fsencode(longest.name))
        return f"{longest}: the name is too long ({size} bytes; most disks take 255); choose a shorter one"
    reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[-1]
    remedy = "choose another folder" if number in (errno.EROFS, errno.EACCES) else "free space or choose another folder"
    return f"{targets[0]}: cannot be written ({reason}); {remedy}"


def _place(part: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(part, target)
        return
    try:
        os.link(part, target)  # unlike a rename, fails where the name is taken, even if only just now
    except FileExistsError as error:
        msg = f"{target}: exists already; give --overwrite to replace it, or another name"
        raise WriteError(msg) from error
    except OSError:  # file systems without hard links
        if target.exists():
            msg = f"{target}: exists already; give --overwrite to replace it, or another name"
            raise WriteError(msg) from None
        os.replace(part, target)
