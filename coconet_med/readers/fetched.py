"""Whether the content of a file is here: data sets under git-annex, DataLad or Git LFS may hold only a link to it."""

from __future__ import annotations

from pathlib import Path

_POINTERS = ((b"/annex/objects/", "datalad get"), (b"version https://git-lfs", "git lfs pull --include"))


def not_fetched(path: Path) -> str | None:
    """Why there is nothing to read at ``path`` and what to do, where it is a link or a pointer to what is elsewhere.

    ``None`` where the content is here, and where there is no such path at all.
    """
    if path.is_symlink() and not path.exists():
        target = path.readlink()
        if "annex" in target.parts or ".git" in target.parts:
            return f"its content is not here (a git-annex link); get it with: datalad get {path}"
        return f"is a link to {target}, which is not there"
    try:
        if path.is_file() and path.stat().st_size < 1024:
            with path.open("rb") as file:
                start = file.read(64)
            for begin, command in _POINTERS:
                if start.startswith(begin):
                    return f"its content is not here (a pointer to it); get it with: {command} {path}"
    except OSError:
        return None
    return None
