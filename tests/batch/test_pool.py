"""Whole batches in processes of their own: isolation, exit codes, and what interruptions leave behind."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel as nib
import pytest
from batch_phantom import manifest, run_command, start_command

from coconet_med.batch import BatchOptions, find_cases
from coconet_med.batch.pool import run_local


def start(*arguments: object) -> subprocess.Popen:
    return start_command("batch", *arguments)


def run(*arguments: object) -> tuple[int, str, str]:
    return run_command("batch", *arguments)


def results(out: Path) -> dict[str, bytes]:
    """Files under their final names; what is hidden is not a result."""
    files = (f for f in out.iterdir() if f.is_file() and not f.name.startswith("."))
    return {f.name: f.read_bytes() for f in files if f.name not in ("summary.csv", "report.html")}


def summary(out: Path) -> dict[str, dict[str, str]]:
    with (out / "summary.csv").open(newline="", encoding="utf-8") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Five pairs."""
    return manifest(tmp_path_factory.mktemp("study"), 5)


@pytest.fixture(scope="module")
def reference(study, tiny_model, tmp_path_factory):
    """The results of a run that nothing disturbed, and how long it took."""
    out = tmp_path_factory.mktemp("reference")
    began = time.monotonic()
    code, _, err = run(study, out, "--model", tiny_model, "--register", "never", "--jobs", "2")
    assert code == 0, err
    return results(out), time.monotonic() - began


def test_one_bad_case_fails_alone_with_exit_code_1(tmp_path, tiny_model):
    table = manifest(tmp_path, 2)
    with table.open("a", encoding="utf-8") as stream:
        stream.write("gone,nowhere.nii.gz,images/p0_pet.nii.gz\ncut,images/p0_mri.nii.gz,cut.nii.gz\n")
    (tmp_path / "cut.nii.gz").write_bytes((tmp_path / "images/p0_pet.nii.gz").read_bytes()[:900])
    out = tmp_path / "out"
    code, said, err = run(table, out, "--model", tiny_model, "--register", "never", "--json")
    assert code == 1
    assert {o["id"]: o["status"] for o in json.loads(said)} == {
        "cut": "failed", "gone": "failed", "p0": "done", "p1": "done"
    }  # fmt: skip
    rows = summary(out)
    assert "nowhere.nii.gz" in rows["gone"]["error"]
    assert "cut.nii.gz" in rows["cut"]["error"]
    assert float(rows["p0"]["H"]) > 0
    assert "nowhere.nii.gz" in err, "what failed is on the screen even with --json"
    assert "nowhere.nii.gz" in (out / "report.html").read_text(encoding="utf-8")


def test_a_wrong_command_is_refused_with_exit_code_2_before_any_case(tmp_path, study):
    for wrong in (["--colormap", "nope"], ["--model", "nope.onnx"], ["--register", "sometimes"], ["--part", "3"]):
        code, _, err = run(study, tmp_path / "out", *wrong)
        assert code == 2
        assert err.startswith("error: ")
        assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_plain_lines_tell_progress_and_a_second_run_keeps_all(tmp_path, study, tiny_model, reference):
    arguments = (study, tmp_path / "out", "--model", tiny_model, "--register", "never")
    code, _, err = run(*arguments)
    assert code == 0
    lines = err.splitlines()
    assert lines[0].startswith("[1/5] p0: done in ")
    assert lines[0].endswith(" left)")
    assert "\x1b" not in err
    assert "5 done" in lines
    assert results(tmp_path / "out") == reference[0], "one job or two: the same files"
    report = (tmp_path / "out/report.html").read_bytes()
    code, _, err = run(*arguments)
    assert code == 0
    assert "5 kept" in err
    assert results(tmp_path / "out") == reference[0]
    assert (tmp_path / "out/report.html").read_bytes() == report


def check_nothing_is_half_written(out: Path, reference: dict[str, bytes]) -> None:
    for name, content in results(out).items():
        assert content == reference[name], f"{name} is half-written"


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 9))])
def test_kill_9_at_any_moment_leaves_nothing_half_written_and_a_second_run_finishes(
    tmp_path, study, tiny_model, reference, seed
):
    expected, seconds = reference
    out = tmp_path / "out"
    arguments = (study, out, "--model", tiny_model, "--register", "never", "--jobs", "2")
    process = start(*arguments)
    time.sleep(random.Random(seed).uniform(0.4, 1.0) * seconds)
    os.killpg(process.pid, signal.SIGKILL)  # parent and workers at once
    process.communicate(timeout=60)
    if out.exists():
        check_nothing_is_half_written(out, expected)
    code, _, err = run(*arguments)
    assert code == 0, err
    assert results(out) == expected
    assert not list(out.rglob(".coconet-part-*")), "what the killed run left behind is gone"


def wait_for(path: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_says_so_with_exit_code_130_and_a_table_of_what_is_done(
    tmp_path, study, tiny_model, reference, sign
):
    out = tmp_path / "out"
    process = start(study, out, "--model", tiny_model, "--register", "never")
    wait_for(out / "p0_fused.json", process)
    os.killpg(process.pid, sign)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    check_nothing_is_half_written(out, reference[0])
    assert not list(out.rglob(".coconet-part-*"))
    statuses = [row["status"] for row in summary(out).values()]
    assert len(statuses) == 5
    assert "missing" in statuses


def test_a_worker_that_dies_takes_only_its_own_case_and_the_case_gets_a_second_chance(tmp_path, study, tiny_model):
    cases = find_cases(study)
    options = BatchOptions(register="never", model=str(tiny_model))
    stream = run_local(cases, options, tmp_path / "out", jobs=1)
    outcomes = [next(stream)]
    for pid in children(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    outcomes += stream
    assert sorted(o.id for o in outcomes) == [f"p{n}" for n in range(5)]
    assert {o.status for o in outcomes} == {"done"}


def children(pid: int) -> list[int]:
    """Worker processes (not the resource tracker of multiprocessing)."""
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, encoding="utf-8"
    ).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "spawn_main" in line]


def test_a_case_whose_worker_dies_twice_is_lost_and_said_to_be(tmp_path, study, tiny_model):
    cases = find_cases(study)[:1]
    stream = run_local(cases, BatchOptions(model=str(tiny_model)), tmp_path / "out", jobs=1)

    import threading

    stop = threading.Event()

    def murder() -> None:
        while not stop.is_set():
            for pid in children(os.getpid()):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)

    thread = threading.Thread(target=murder)
    thread.start()
    try:
        outcomes = list(stream)
    finally:
        stop.set()
        thread.join()
    assert [o.status for o in outcomes] == ["lost"]
    assert "the process died, twice" in outcomes[0].error


def test_parts_leave_table_and_report_to_the_group_level(tmp_path, study, tiny_model):
    out = tmp_path / "out"
    for part in ("1/2", "2/2"):
        code, _, err = run(study, out, "--model", tiny_model, "--register", "never", "--part", part, "--quiet")
        assert (code, err) == (0, "")
        assert not (out / "summary.csv").exists()
    code, _, _ = run(study, out, "--analysis-level", "group")
    assert code == 0
    assert len(summary(out)) == 5
    assert nib.load(out / "p4_fused.nii.gz").shape == (32, 32, 32)


def test_a_script_without_the_guard_is_told_of_it(tmp_path, study, tiny_model):
    script = tmp_path / "script.py"
    script.write_text(
        "from coconet_med.batch import BatchOptions, find_cases, run_batch\n"
        f"cases = find_cases({str(study)!r})[:1]\n"
        f"options = BatchOptions(register='never', model={str(tiny_model)!r})\n"
        f"print(run_batch(cases, {str(tmp_path / 'out')!r}, options, jobs=2, timeout=60).failures[0].error)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, encoding="utf-8")
    assert "must do so under if __name__ == '__main__':" in done.stdout, done.stderr
