"""An output folder may come from somebody else: its records never make us touch anything outside it, or of others."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from batch_phantom import run_command, save_pair

from coconet_med.batch.all_cases import gather
from coconet_med.batch.case import Outcome
from coconet_med.batch.records import FOLDER, OF_ALL, Records
from coconet_med.batch.run import Runner
from coconet_med.batch.sources import find_cases
from coconet_med.errors import WriteError
from coconet_med.system.digest import sha256_of


@pytest.fixture
def case(tmp_path):
    save_pair(tmp_path / "in", "p", 0)
    return find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")[0]


@pytest.fixture
def out(tmp_path, case, shelf, quick):
    Runner(tmp_path / "out", quick, load=shelf).run(case)
    return tmp_path / "out"


def known(path):
    return [path.stat().st_size, sha256_of(path)]


def forge(out, outputs, **changes):
    path = out / ".coconet/p.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"outputs": outputs} | changes), encoding="utf-8"
    )


@pytest.mark.parametrize("how", ["..", "absolute", "link", "folder", "described"])
def test_a_record_never_deletes_what_is_outside_of_the_output_folder(tmp_path, case, shelf, quick, out, how):
    precious = tmp_path / "precious/thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work", encoding="utf-8")
    name = {"absolute": str(precious), "folder": "../precious"}.get(how, "../precious/thesis.txt")
    if how == "link":
        (out / "inner").symlink_to(precious.parent)
        name = "inner/thesis.txt"
    forge(out, {name: known(precious) if how == "described" else None}, status="done")
    outcome = Runner(out, replace(quick, strength=0.5), load=shelf, overwrite=True).run(case)
    assert outcome.status == "done"
    assert precious.read_text(encoding="utf-8") == "years of work"
    assert list(outcome.outputs) == ["p_fused.nii.gz", "p_fused.json", "p_fused_legend.png"]


@pytest.mark.parametrize("name", [".", "", "notes", ".coconet", "notes/a.txt"])
def test_a_record_deletes_nothing_inside_that_it_does_not_describe(case, shelf, quick, out, name):
    (out / "notes").mkdir()
    (out / "notes/a.txt").write_text("mine", encoding="utf-8")
    forge(out, {name: None}, status="done")
    assert Runner(out, quick, load=shelf, overwrite=True).run(case).status == "done"
    assert (out / "notes/a.txt").read_text(encoding="utf-8") == "mine"


def test_a_changed_file_of_an_earlier_result_stays_and_is_reported_of(case, shelf, quick, out):
    Runner(out, replace(quick, luminance=True), load=shelf).run(case)
    (out / "p_fused_luminance.nii.gz").write_bytes(b"edited by a reader")
    outcome = Runner(out, quick, load=shelf).run(case)
    assert (out / "p_fused_luminance.nii.gz").read_bytes() == b"edited by a reader"
    assert "p_fused_luminance.nii.gz: of an earlier result, but changed since" in outcome.warnings[-1]


@pytest.mark.parametrize(
    "changes",
    [{"id": "../../p"}, {"status": "excellent"}, {"outputs": ["x"]}, {"facts": 3}, {"outputs": {"p_fused.json": 7}}],
)
def test_a_record_that_is_none_of_ours_is_as_good_as_none(out, changes):
    forge(out, **({"outputs": {}} | changes))
    assert Records(out).load("p") is None
    assert Records(out).all() == []


def test_what_an_interrupted_run_claimed_is_removed_when_it_is_not_wanted_any_more(case, shelf, quick, out):
    Runner(out, replace(quick, luminance=True), load=shelf).run(case)
    forge(
        out,
        dict.fromkeys(["p_fused.nii.gz", "p_fused.json", "p_fused_legend.png", "p_fused_luminance.nii.gz"]),
        status="missing",
    )
    assert Runner(out, quick, load=shelf).run(case).warnings == []
    assert not (out / "p_fused_luminance.nii.gz").exists()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path, case, shelf, quick, out):
    (out / ".coconet/p.lock").unlink()
    (out / ".coconet/p.lock").symlink_to(tmp_path / "made")
    assert Runner(out, quick, load=shelf).run(case).status == "failed"
    assert not (tmp_path / "made").exists()


def test_names_that_stay_inside_are_followed(out):
    records = Records(out)
    assert records.inside("p_fused.json") == out / "p_fused.json"
    assert records.inside("sub-01/pet/x.nii.gz") == out / "sub-01/pet/x.nii.gz"
    for name in ("a/../b", "/etc/passwd", "C:/x", "a\\..\\b", "a//b", ".coconet/p.json", "x\0y/z"):
        assert records.inside(name) is None, name


def test_folders_that_become_empty_are_removed_up_to_the_output_folder(tmp_path):
    records = Records(tmp_path / "out")
    file = tmp_path / "out/sub-01/pet/x.txt"
    file.parent.mkdir(parents=True)
    file.write_text("x", encoding="utf-8")
    assert records.remove({"sub-01/pet/x.txt": known(file)}, own="?") == []
    assert os.listdir(tmp_path / "out") == []


def test_the_group_level_believes_no_record_of_another_name(tmp_path, out):
    (out / ".coconet/q.json").write_text(json.dumps(Outcome("../../q", "done").to_dict()), encoding="utf-8")
    code, _, err = run_command("batch", tmp_path / "in", out, "--analysis-level", "group")
    assert (code, err.splitlines()[0]) == (0, "1 done")


def test_what_a_killed_run_left_of_the_report_is_deleted_and_what_others_write_is_not(tmp_path):
    records = Records(tmp_path)
    report, part = tmp_path / "report.html", tmp_path / ".coconet-part-0123abcd-report.html"
    other = tmp_path / ".coconet-part-0123abcd-case_fused.json"
    for left in (part, other):
        left.write_text("half", encoding="utf-8")
    with records.alone([report]):
        assert (part.exists(), other.exists()) == (False, True)
        part.write_text("of a run that writes now", encoding="utf-8")
        with Records(tmp_path).lock(OF_ALL) as mine:
            assert not mine
    gather([], tmp_path)
    assert not part.exists()
    assert report.exists()


def test_a_run_waits_for_another_that_writes_the_report_but_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("coconet_med.batch.records.LONGEST_WAIT", 0.2)
    part = tmp_path / ".coconet-part-0123abcd-report.html"
    with Records(tmp_path).lock(OF_ALL):
        part.write_text("theirs", encoding="utf-8")
        gather([], tmp_path)
    assert part.exists()
    assert (tmp_path / "report.html").exists()


def test_a_lock_of_the_whole_batch_that_is_a_link_is_one_error(tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / ".all.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteError, match=r"\.all\.lock: .*; delete it"):
        gather([], tmp_path)
    assert not (tmp_path / "elsewhere").exists()
