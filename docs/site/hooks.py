"""What the site needs beyond the documents: links into the repository, and the help of every command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Links to files outside the documents go to the repository; a page of help is filled in."""
    if page.file.src_uri == "reference/command-line.md":
        markdown = markdown.replace("{{ commands }}", _help())
    return _LINK.sub(lambda found: _outside(found, page.file.src_uri, config.repo_url), markdown)


def _outside(link: re.Match[str], page: str, repository: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath("docs") / PurePosixPath(page).parent / link[1]).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    target = "/".join(parts)
    if parts[:1] == ["docs"]:
        return link[0]
    if not (ROOT / target).exists():
        raise FileNotFoundError(f"docs/{page}: links to {target}, which is not there")
    kind = "tree" if (ROOT / target).is_dir() else "blob"
    return f"]({repository}/{kind}/main/{target}{link[2] or ''})"


def _help() -> str:
    """Options of all commands, as typer writes them out."""
    command = [sys.executable, "-m", "typer", "coconet_med.commands.main", "utils", "docs", "--name", "coconet-med"]
    made = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", cwd=ROOT).stdout
    return re.sub(r"^# .*\n", "", made, count=1).replace("<", "&lt;")
