"""Files appear under their final names complete, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coconet_med.errors import WriteError

#: Begins the name of unfinished files; a crash can leave some, which may be deleted.
PART_PREFIX = ".coconet-part-"


def write_together(jobs: list[tuple[Path, Callable[[Path], Any]]], *, overwrite: bool = False) -> list[Path]:
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
    parts = [target.with_name(f"{PART_PREFIX}{token}-{target.name}") for target, _ in jobs]
    try:
        for (_, job), part in zip(jobs, parts, strict=True):
            job(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        for (target, _), part in zip(jobs, parts, strict=True):
            _place(part, target, overwrite=overwrite)
    except (OSError, RuntimeError) as error:  # SimpleITK reports a full disk as RuntimeError
        reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[-1]
        msg = f"{jobs[0][0]}: cannot be written ({reason}); free space or choose another folder"
        raise WriteError(msg) from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return [target for target, _ in jobs]


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
