"""A batch as Python callers have it."""

from __future__ import annotations

import csv

import pytest
from batch_phantom import manifest, run_command

from coconet_med.batch import BatchOptions, find_cases, run_batch
from coconet_med.commands.main import main
from coconet_med.errors import WriteError


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Five pairs."""
    return manifest(tmp_path_factory.mktemp("study"), 5)


def test_python_callers_get_the_study(tmp_path, study, tiny_model):
    seen = []
    done = run_batch(
        find_cases(study)[:2],
        tmp_path / "out",
        BatchOptions(register="never", model=str(tiny_model)),
        follow=lambda outcome: seen.append(outcome.id),
    )
    assert done.failures == []
    assert sorted(seen) == ["p0", "p1"]
    assert [path.name for path in done.files] == ["summary.csv", "report.html"]


@pytest.mark.parametrize("name", ["summary.csv", "report.html"])
def test_a_table_that_no_batch_wrote_is_kept(tmp_path, study, tiny_model, name):
    (tmp_path / name).write_text("id,anatomy,function\n", encoding="utf-8")
    how = BatchOptions(register="never", model=str(tiny_model))
    with pytest.raises(WriteError, match=rf"is no {name} of a batch"):
        run_batch(find_cases(study)[:1], tmp_path, how)
    assert (tmp_path / name).read_text(encoding="utf-8") == "id,anatomy,function\n"
    run_batch(find_cases(study)[:1], tmp_path, how, overwrite=True)
    again = run_batch(find_cases(study)[:1], tmp_path, how)
    assert again.outcomes[0].status == "kept"


def test_a_manifest_is_never_the_table_of_its_batch(tmp_path, study, capsys):
    table = tmp_path / "summary.csv"
    table.write_text(f"id,anatomy,function\na,{study.parent}/a.nii.gz,{study.parent}/b.nii.gz\n", encoding="utf-8")
    before = table.read_text(encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["batch", str(table), str(tmp_path), "--overwrite"])
    assert end.value.code == 2
    assert "is read for this result" in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == before


def test_results_whose_cases_have_left_the_manifest_are_named(tmp_path, study, tiny_model):
    """What a later step takes from the folder would hold them, too."""
    table, out = study.with_name("fewer.csv"), tmp_path / "out"
    lines = study.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(lines[:3]), encoding="utf-8")
    given = ("batch", table, out, "--model", tiny_model, "--register", "never")
    assert "earlier runs" not in run_command(*given)[2]
    table.write_text("".join(lines[:2]), encoding="utf-8")
    for level in ("all", "group"):
        code, _, said = run_command(*given, "--analysis-level", level)
        assert (code, "1 of earlier runs lie there, too, and are no cases of this one: p1" in said) == (0, True), said
        rows = list(csv.DictReader((out / "summary.csv").read_text(encoding="utf-8").splitlines()))
        assert [(row["id"], row["output"]) for row in rows] == [("p0", "p0_fused.nii.gz"), ("p1", "p1_fused.nii.gz")]
        assert rows[1]["status"] == "leftover"
        assert "p1_fused" not in (out / "report.html").read_text(encoding="utf-8")
    assert "earlier runs" not in run_command(*given, "--part", "1/2")[2]  # says nothing of the other parts
    for file in out.glob("p1_*"):
        file.unlink()
    assert "earlier runs" not in run_command(*given)[2]
