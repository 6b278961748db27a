"""Temporary folders of images: what a killed process leaves behind the next batch clears, images first."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing tells whether a worker lives, so nothing is cleared
    fcntl = None  # type: ignore[assignment]

#: Begins the name of every temporary folder of a batch, and of those that have no lock yet, and so no image.
PREFIX, _NEW = "coconet-batch-", ".coconet-new-"

#: File that is locked (``flock``) as long as the worker that made the folder lives.
_LOCK = "lock"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the images of one case, gone at the end; that of a killed worker goes with :func:`clear_scratch`."""
    new = Path(tempfile.mkdtemp(prefix=_NEW))
    folder = new.with_name(PREFIX + new.name.removeprefix(_NEW))
    handle = None
    try:
        if fcntl:
            handle = os.open(new / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            _lock(handle)
        new.rename(folder)
        yield folder
    finally:
        for path in (folder, new):
            shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def clear_scratch() -> None:
    """Delete temporary folders of workers of this user that live no more, the images in them before anything else."""
    if not fcntl:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                _clear(folder)


def _clear(folder: Path) -> None:
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if not _lock(handle):
            return  # its worker lives
        # The lock goes last, so that who is killed here leaves a folder that is still known to be nobody's.
        for path in [path for path in folder.iterdir() if path.name != _LOCK]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        shutil.rmtree(folder)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
