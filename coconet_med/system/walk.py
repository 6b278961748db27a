"""The files below a folder: what is read of it, and so what a fingerprint of it covers.

Hidden ones are passed over: ``._NAME``, which macOS puts beside every file of a foreign disk, and ``.git``, in which
DataLad keeps the very files that a dataset links to.  Links to folders are followed, each folder once, so that circles
end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path


def walk(root: Path, *, without: Callable[[Path], bool] = lambda folder: False) -> Iterator[tuple[Path, list[str]]]:
    """Each folder at or below ``root`` with the names of its files, in sorted order.

    Args:
        root: a folder; it may be hidden itself.
        without: says of a folder below it that it is passed over with all that is in it.
    """
    seen = {os.path.realpath(root)}
    for where, folders, names in os.walk(root, followlinks=True):
        here = Path(where)
        kept = []
        for name in sorted(folders):
            place = os.path.realpath(here / name)
            if not name.startswith(".") and place not in seen and not without(here / name):
                seen.add(place)
                kept.append(name)
        folders[:] = kept
        yield here, sorted(name for name in names if not name.startswith("."))


def files_below(root: Path) -> list[Path]:
    """Regular files at or below ``root`` in sorted order; pipes and devices are none."""
    if not root.is_dir():
        return [root] if root.is_file() else []
    return [here / name for here, names in walk(root) for name in names if _is_regular(here / name)]


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
