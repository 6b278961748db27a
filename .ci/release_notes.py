"""Print what CHANGELOG.md says of one version, for the page of its release.

    python .ci/release_notes.py v0.1.0 [https://github.com/OWNER/NAME]

Links to files of the repository lead nowhere on that page, so they become addresses of the tagged files.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def notes_of(changelog: str, tag: str, repository: str = "") -> str:
    """The section of a version, without its title.

    Args:
        changelog: text whose sections begin with ``## 1.2.3`` or ``## 1.2.3 (2026-11-28)``.
        tag: ``v1.2.3``.
        repository: address of the repository; links stay as they are without it.

    Raises:
        ValueError: no such section, several, an empty one, or one that is still called unreleased.
    """
    version = tag.removeprefix("v")
    sections: dict[str, list[str]] = {}
    title, fenced = "", False
    for line in changelog.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if line.startswith("## ") and not fenced:
            title = line[3:].strip()
            if title in sections:
                raise ValueError(f"CHANGELOG.md: two sections {title}")
        sections.setdefault(title, []).append(line)
    mine = [title for title in sections if re.split(r"[\s(\[]", title.strip("["))[0].strip("[]") == version]
    if len(mine) != 1:
        raise ValueError(f"CHANGELOG.md: {len(mine)} sections of {version}; it has {', '.join(filter(None, sections))}")
    if "unreleased" in mine[0].lower():
        raise ValueError(f"CHANGELOG.md: '{mine[0]}' is not closed; put the date in, and set the tag anew")
    text = "\n".join(sections[mine[0]][1:]).strip()
    if not text:
        raise ValueError(f"CHANGELOG.md: the section {mine[0]} is empty")
    if repository:
        text = re.sub(r"\]\((?![a-z]+:|#)/?([^)\s]+)\)", rf"]({repository}/blob/{tag}/\1)", text)
    return text + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(notes_of(CHANGELOG.read_text(encoding="utf-8"), *sys.argv[1:]))
    except ValueError as error:
        sys.exit(str(error))
