"""A release page holds what the changelog says of its version, and nothing of others."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import coconet_med

ROOT = Path(__file__).resolve().parents[1]
TWO = """# Changelog

What changes for users.

## 0.2.0 (2027-01-02)
- New, see [numbers](docs/numbers.md) and [the site](https://example.org/a.md).
```text
## no title
```

## 0.1.0
- Old.

## 0.1.0rc1
- Older.
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci" / "release_notes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_section_of_the_tag_and_no_other(script) -> None:
    assert script.notes_of(TWO, "v0.1.0") == "- Old.\n"
    assert script.notes_of(TWO, "v0.1.0rc1") == "- Older.\n"
    newest = script.notes_of(TWO, "v0.2.0", "https://github.com/o/n")
    assert newest.startswith("- New, see [numbers](https://github.com/o/n/blob/v0.2.0/docs/numbers.md) and")
    assert "(https://example.org/a.md)" in newest
    assert newest.endswith("## no title\n```\n")


@pytest.mark.parametrize(
    ("text", "tag", "words"),
    [
        (TWO, "v0.1", "0 sections of 0.1; it has 0.2.0"),
        (TWO.replace("## 0.2.0 (2027-01-02)", "## 0.1.0 (2026-12-01)"), "v0.1.0", "2 sections of 0.1.0"),
        (TWO.replace("(2027-01-02)", "(unreleased)"), "v0.2.0", r"'0.2.0 \(unreleased\)' is not closed"),
        (TWO.replace("- Older.\n", ""), "v0.1.0rc1", "the section 0.1.0rc1 is empty"),
    ],
)
def test_what_is_no_closed_section_stops_the_release(script, text, tag, words) -> None:
    with pytest.raises(ValueError, match=words):
        script.notes_of(text, tag)


def test_our_changelog_has_a_section_for_this_version_that_fits_a_release_page(script) -> None:
    closed = script.CHANGELOG.read_text(encoding="utf-8").replace(" (unreleased)", "")
    notes = script.notes_of(closed, f"v{coconet_med.__version__}", "https://github.com/o/n")
    assert notes.startswith("- ")
    assert not re.search(r"^#", notes, re.MULTILINE)
    assert "](docs/" not in notes
    assert len(notes) < 125_000  # what GitHub takes


def test_the_workflow_takes_the_notes_from_the_script() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert 'python .ci/release_notes.py "$GITHUB_REF_NAME" "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" > notes.md' in text
    assert "--notes-file notes.md" in text
