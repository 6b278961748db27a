"""Texts of others cannot steer a screen, a table or a page."""

from __future__ import annotations

import os

import pytest

from coconet_med.batch.case import Outcome
from coconet_med.batch.summary import write_summary
from coconet_med.cli import main
from coconet_med.printable import printable
from coconet_med.progress import Reporter
from coconet_med.report.page import text

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
