"""What goes wrong around a batch: pipes, hangs, replaced inputs, killed workers, long names, a read-only disk."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
from batch_phantom import ball, bids_dataset, run_command, save_pair

from coconet_med.batch import BatchOptions, run_batch
from coconet_med.batch.case import Case
from coconet_med.batch.pool import run_local
from coconet_med.batch.run import Runner
from coconet_med.batch.sources import find_cases
from coconet_med.errors import ReadError, WriteError
from coconet_med.writers.atomic import write_together

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")


@pytest.fixture
def case(tmp_path):
    save_pair(tmp_path / "in", "p", 0)
    return find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")[0]


def tree(folder: Path) -> list[str]:
    """Everything below a folder but the records."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if ".coconet" not in path.parts)


@pipes
def test_a_file_that_never_ends_is_refused(tmp_path, case, shelf, quick):
    pipe = tmp_path / "in/pipe_pet.nii.gz"
    os.mkfifo(pipe)
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(replace(case, function=pipe))
    assert (outcome.status, "pipe_pet.nii.gz: is a pipe or device" in outcome.error) == ("failed", True)
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(replace(case, anatomy=Path("/dev/zero")))
    assert "/dev/zero: is a pipe or device" in outcome.error
    code, _, err = run_command("fuse", case.anatomy, pipe, "-o", tmp_path / "f.nii.gz")
    stage, error = err.splitlines()
    assert (code, stage, "is a pipe or device" in error) == (2, "reading", True)
    with pytest.raises(ReadError, match="is a pipe or device; give a folder"):
        find_cases(pipe)


def test_a_case_that_hangs_is_ended_and_the_others_go_on(tmp_path, tiny_model, hanging):
    for n, name in enumerate(("fast", "slow")):
        save_pair(tmp_path / "in", name, n)
    cases = find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")
    options = BatchOptions(register="never", model=str(tiny_model))
    study = run_batch(cases, tmp_path / "out", options, timeout=30)
    assert [outcome.status for outcome in study.outcomes] == ["done", "timeout"]
    assert "took longer than 30 s and was ended" in study.failures[0].error
    assert "slow,timeout" in (tmp_path / "out/summary.csv").read_text(encoding="utf-8")


def test_an_input_that_is_replaced_while_it_is_read_makes_no_result(tmp_path, case, shelf, quick):
    run = shelf.engine.run

    def replace_and_run(image):
        other = tmp_path / "in/new.nii.gz"
        sitk.WriteImage(ball(9)[1], str(other))
        os.replace(other, case.function)
        return run(image)

    shelf.engine.run = replace_and_run
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert (outcome.status, "p_pet.nii.gz: changed while the case was done" in outcome.error) == ("failed", True)
    assert tree(tmp_path / "out") == []


def test_a_failed_redo_says_that_the_earlier_image_is_still_there(tmp_path, case, shelf, quick):
    Runner(tmp_path / "out", quick, load=shelf).run(case)
    case.function.write_bytes(b"cut off")
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert outcome.error.endswith("; p_fused.nii.gz is still there, of an earlier run")
    for name in ("p_fused.nii.gz", "p_fused.json", "p_fused_legend.png"):
        (tmp_path / "out" / name).unlink()
    assert "earlier run" not in Runner(tmp_path / "out", quick, load=shelf).run(case).error


def test_a_finished_case_that_another_run_looks_at_is_kept_not_busy(tmp_path, case, shelf, quick):
    runner = Runner(tmp_path / "out", quick, load=shelf)
    runner.run(case)
    with runner.records.lock("p"):
        assert runner.run(case).status == "kept"
        assert Runner(tmp_path / "out", replace(quick, strength=0.5), load=shelf).run(case).status == "busy"


def test_a_case_that_was_busy_is_looked_at_again_at_the_end(tmp_path, case, tiny_model):
    options = BatchOptions(register="never", model=str(tiny_model))
    other = Runner(tmp_path / "out", options)
    save_pair(tmp_path / "in", "q", 1)
    cases = find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")
    with other.records.lock("p"):
        stream = run_local(cases, options, tmp_path / "out")
        assert next(stream).id == "q", "p is busy"
    assert [(outcome.id, outcome.status) for outcome in stream] == [("p", "done")]


def test_a_case_that_fails_leaves_no_empty_folder(tmp_path, shelf, quick):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    (root / "sub-01/pet/sub-01_pet.nii.gz").write_bytes(b"cut off")
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(find_cases(root)[0])
    assert outcome.status == "failed"
    assert tree(tmp_path / "out") == []


@pytest.mark.parametrize("length", [200, 245, 300])
def test_a_name_that_is_too_long_is_blamed_not_the_folder(tmp_path, case, shelf, quick, length):
    name = "n" * length
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(replace(case, id=name, target=f"{name}_fused"))
    assert outcome.status == ("done" if length == 200 else "failed")
    if length > 200:
        assert "give the case a shorter id" in outcome.error
        assert "out:" not in outcome.error


def test_a_file_name_that_is_too_long_is_an_error_with_words(tmp_path):
    with pytest.raises(WriteError, match=r"the name is too long \(300 bytes; most disks take 255\); choose a shorter"):
        write_together([(tmp_path / ("n" * 300), lambda part: part.write_text("x", encoding="utf-8"))])


def test_a_study_folder_with_a_dot_in_its_name_becomes_a_dicom_series(tmp_path, shelf, quick, dicom_study):
    dicom_study(tmp_path / "in/anna.2026.11")
    case = find_cases(tmp_path / "in")[0]
    outcome = Runner(tmp_path / "out", replace(quick, form="dicom"), load=shelf).run(case)
    assert (outcome.status, outcome.error) == ("done", "")
    assert (tmp_path / "out/anna.2026.11_fused/IM00001.dcm").is_file()
    assert (tmp_path / "out/anna.2026.11_fused.json").is_file()
    left = tmp_path / "out/.coconet-med-anna.2026.11_fused-abcd1234/new"
    left.mkdir(parents=True)
    Runner(tmp_path / "out", replace(quick, form="dicom"), load=shelf, overwrite=True).run(case)
    assert not left.exists(), "what a killed run left of this series"


def test_a_link_is_called_as_the_user_calls_it(tmp_path, monkeypatch):
    (tmp_path / "store/1.2.840").mkdir(parents=True)
    (tmp_path / "store/1.2.840/IM1.dcm").touch()
    (tmp_path / "anna").symlink_to(tmp_path / "store/1.2.840")
    monkeypatch.chdir(tmp_path)
    assert [case.id for case in find_cases("anna")] == ["anna"]
    from coconet_med.batch.dask_cluster import _absolute

    assert _absolute(Case("p", Path("anna/x"), None, "p")).anatomy == tmp_path / "anna/x"


def test_time_passes_only_where_a_limit_is_asked_for(tmp_path, case, tiny_model):
    began = time.monotonic()
    options = BatchOptions(register="never", model=str(tiny_model))
    assert [o.status for o in run_local([case], options, tmp_path / "out", timeout=200)] == ["done"]
    assert time.monotonic() - began < 200
