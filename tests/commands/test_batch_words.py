"""What `batch` says of its cases before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.batch import BatchOptions, Case
from coconet_med.batch.all_cases import BatchResult
from coconet_med.batch.case import Outcome
from coconet_med.commands.batch_words import key_values, list_cases, say_how_it_went
from coconet_med.errors import OptionError


def test_the_outcomes_are_counted_and_failures_have_their_reason(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = (Outcome("a", "done"), Outcome("b", "done"), Outcome("c", "failed", "c.nii: no such\x1b[2J file"),
                Outcome("d", "skipped"))  # fmt: skip
    left = tuple(Outcome(f"old-{n}", "done") for n in range(7))
    say_how_it_went(BatchResult(outcomes, (Path("OUT/summary.csv"),), left))
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "2 done, 1 failed, 1 not taken"
    assert lines[1].startswith("  c: failed: c.nii: no such")
    assert "\x1b" not in err
    assert lines[2].startswith("7 of earlier runs lie there")
    assert lines[2].endswith("old-4, ...")
    assert lines[3:] == [f"wrote {Path('OUT/summary.csv')}"]


def test_a_list_names_each_case_and_counts_those_that_cannot_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "a.nii.gz"
    here.write_bytes(b"")
    cases = [
        Case("good", here, here, "good", notes=("by its name",)),
        Case("gone", here, tmp_path / "b.nii.gz", "gone", problem="b.nii.gz is not there"),
        Case("other", here, here, "other", skip="a scout"),
    ]
    assert list_cases(cases, BatchOptions(), None, 1, {}) == 1
    out, err = capsys.readouterr()
    good, gone, other = out.splitlines()
    assert good == f"good: {here} + {here} (by its name)"
    assert gone == "gone: cannot be done: b.nii.gz is not there"
    assert other == "other: not taken: a scout"
    assert err == "1 of 2 cases cannot be done\n"


def test_key_and_value_are_parted_at_the_first_sign() -> None:
    assert key_values(["queue=gpu", "extra = --mem=4G"]) == {"queue": "gpu", "extra": "--mem=4G"}
    assert key_values(None) == {}
    for wrong in ("queue", "=gpu"):
        with pytest.raises(OptionError, match="KEY=VALUE"):
            key_values([wrong])
