"""Texts of others cannot steer a screen, a table or a page."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import coconet_med
from coconet_med.batch.case import Outcome
from coconet_med.batch.summary import write_summary
from coconet_med.commands.main import main
from coconet_med.commands.progress import Reporter
from coconet_med.report.page import text
from coconet_med.system.printable import printable

#: Printed as they are: counts and version numbers, and the help of typer.
COUNTS = (
    'f"{lacking} of {len(obstacles)} cases cannot be done", err=True)',
    '", ".join(f"{count} {status}" for status, count in counts.items()), err=True)',
    'f"coconet-med {__version__}")',
)
ESCAPE = "\x1b[2J\x1b]0;owned\x07\u202egpj.exe\x9b1m"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("T1 für 脳.nii", "T1 für 脳.nii"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nb", "a\\r\\nb"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("a\x9bb\u2028", "a\\x9bb\\u2028"),
        (os.fsdecode(b"M\xfcller"), "M\\xfcller"),
    ],
)
def test_what_would_act_instead_of_being_shown_is_written_out(given, shown):
    assert printable(given) == shown
    printable(given).encode("utf-8")


def test_usage_errors_are_one_line_without_escapes_like_all_errors(capsys):
    lines = {
        ("fuse", "a", "b", "--window", "a", "b", "-o", "c"): "--window a: choose LOW HIGH",
        ("batch", "a", "b", "--anatomy-window=x"): "--anatomy-window x: choose LOW HIGH, auto",
        ("fuse", "a", "b", "-o", "c", "d", ESCAPE): "Got unexpected extra argument",
        ("fuse", "a", f"--{ESCAPE}"): "No such option",
        ("fuse", "a", "b", "-o", "c", "--strength", ESCAPE): "Invalid value for '--strength'",
        ("pacs", "fuse", "--url", "https://a"): "--study",
    }
    for arguments, words in lines.items():
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        said = capsys.readouterr()
        assert stop.value.code == 2
        assert said.out == ""
        (line,) = said.err.splitlines()
        assert line.startswith("error: ")
        assert words in line
        assert not set("\x1b\x07\u202e\x9b") & set(line)


@pytest.mark.parametrize("script", sorted((Path(coconet_med.__file__).parent / "commands").glob("*.py")), ids=str)
def test_commands_print_nothing_that_is_not_made_printable(script):
    """Fixed texts, JSON (which escapes) and printable() are all that goes to a terminal."""
    for call in re.findall(r"typer\.echo\(\s*(.*)", script.read_text(encoding="utf-8")):
        fixed = re.match(r"""f?["'][^{]*["']\s*(,|\))""", call)
        assert fixed or re.match(r"(printable|json\.dumps)\(", call) or call in ("text, err=True)", *COUNTS), call


def test_no_face_lets_an_escape_through(tmp_path, capsys):
    name = f"{ESCAPE}.nii.gz"
    with pytest.raises(SystemExit):
        main(["fuse", str(tmp_path / name), "b.nii.gz", "-o", str(tmp_path / "f.nii.gz")])
    Reporter().warning(ESCAPE)
    write_summary([Outcome(ESCAPE, "failed", f"{ESCAPE} is wrong", warnings=[ESCAPE])], tmp_path)
    said = capsys.readouterr()
    table = (tmp_path / "summary.csv").read_text(encoding="utf-8")
    for output in (said.out, said.err, table, text(ESCAPE)):
        assert not set("\x1b\x07\u202e\x9b") & set(output)
        assert output == said.out or "\\x1b[2J" in output
