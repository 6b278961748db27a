"""The worker process: results, progress, cancel, the last resort, and what it does when memory runs out."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from PETMRFusionLib.jobs import FusionError, JobFolder, Running
from PETMRFusionLib.process import WorkerProcess
from PETMRFusionLib.runtime import WORKER, PythonRuntime

SCRIPTS = WORKER.parent


#: A task that takes its time, has a child of its own, and writes half a result at once.
SLOW = """
import json, subprocess, sys, time
from pathlib import Path
sys.path.insert(0, {scripts!r})
import fuse_worker, types
tasks = types.ModuleType("worker_tasks")
def run(job):
    (job.results / "half.npy").write_bytes(b"half")
    print("chatter of a library on standard output")
    for n in range(400):
        {check}
        time.sleep(0.02)
        job.say("progress", stage="fuse", done=n, total=400)
tasks.run = run
sys.modules["worker_tasks"] = tasks
sys.exit(fuse_worker.main(sys.argv[1:]))
"""


def slow_worker(folder: Path, events: list, *, listens: bool = True, launcher: bool = False) -> WorkerProcess:
    (folder / "job.json").write_text("{}", encoding="utf-8")
    script = folder / "slow.py"
    script.write_text(SLOW.format(scripts=str(SCRIPTS), check="job.check()" if listens else "pass"), encoding="utf-8")
    command = [sys.executable, str(script), str(folder)]
    if launcher:  # as PythonSlicer, which starts the real Python as its child
        command = ["/bin/sh", "-c", shlex.join(command) + "; exit $?"]
    return WorkerProcess(command, folder, on_event=events.append)


def until(process: WorkerProcess, condition) -> None:
    end = time.monotonic() + 30
    while process.poll() and not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def small_job(**orders) -> JobFolder:
    rng = np.random.default_rng(0)
    folder = JobFolder()
    anatomy = folder.volume("anatomy", rng.random((6, 24, 20), np.float32), np.diag([2, 2, 5, 1]), "the MRI")
    frame = folder.volume("function-0", rng.random((6, 24, 20), np.float32), np.diag([2, 2, 5, 1]), "the PET")
    given = {"window": [0, 1], "plane": "auto", "colormap": "uptake", "engine": "onnx", "device": "cpu"}
    folder.order("fuse", anatomy=anatomy, frames=[frame], **{**given, **orders})
    return folder


def test_every_slice_is_reported_and_the_result_is_what_the_core_gives(runtime):
    import SimpleITK as sitk

    import coconet_med

    seen, folder = [], small_job()
    arrays = [np.load(folder.path / f"{name}.npy") for name in ("anatomy", "function-0")]
    running = Running(runtime, folder, lambda f: f.array("luminance-0"), progress=lambda *news: seen.append(news))
    luminance = running.wait()
    fusing = [done for stage, done, total in seen if stage == "fuse" and total == 6]
    assert {1, 2, 3, 6} <= set(fusing)  # the network has seen a slice: half of it; then all are mixed at once
    assert fusing == sorted(fusing)
    images = [sitk.GetImageFromArray(array) for array in arrays]
    for image in images:
        image.SetSpacing((2, 2, 5))
        image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    model = coconet_med.load_model("light", engine="onnx", device="cpu", threads=1)
    core = coconet_med.fuse(*images, register="never", window=(0, 1), model=model)
    assert np.abs(luminance - sitk.GetArrayFromImage(core.luminance)).max() < 1e-5
    assert not folder.path.exists()


def test_a_soft_cancel_ends_it_within_a_second_and_leaves_no_result(tmp_path):
    events: list[dict] = []
    process = slow_worker(tmp_path, events)
    until(process, lambda: any(event["event"] == "progress" for event in events))
    start = time.monotonic()
    process.cancel()
    until(process, lambda: False)
    assert time.monotonic() - start < 1.0
    assert process.code == 3
    assert events[-1]["event"] == "canceled"
    assert not (tmp_path / "result").exists()
    assert not (tmp_path / "result.part").exists()


def test_a_worker_busy_in_a_library_is_ended_within_a_second_too(tmp_path):
    """Its watching thread ends it where the work does not look at the cancel file."""
    events: list[dict] = []
    process = slow_worker(tmp_path, events, listens=False)
    until(process, lambda: any(event["event"] == "progress" for event in events))
    start = time.monotonic()
    process.cancel()
    until(process, lambda: False)
    assert time.monotonic() - start < 1.0
    assert process.code == 3
    assert not (tmp_path / "result").exists()


@pytest.mark.skipif(os.name == "nt", reason="process groups are of POSIX; Windows uses taskkill /T")
def test_the_last_resort_kills_the_children_of_a_launcher(tmp_path):
    """Also a child that looks at nothing, as PythonSlicer's."""
    child = shlex.join([sys.executable, "-c", "import time; print('asleep', flush=True); time.sleep(60)"])
    process = WorkerProcess(["/bin/sh", "-c", child + "; exit $?"], tmp_path)
    until(process, lambda: "asleep" in process.log)
    start = time.monotonic()
    process.kill()
    until(process, lambda: False)  # both pipes are closed only when the grandchild is gone
    assert time.monotonic() - start < 1.0
    assert process.code != 0


@pytest.mark.skipif(os.name == "nt", reason="process groups are of POSIX; Windows uses taskkill /T")
def test_a_cancel_that_nobody_hears_ends_in_the_last_resort(tmp_path):
    child = shlex.join([sys.executable, "-c", "import time; print('asleep', flush=True); time.sleep(60)"])
    process = WorkerProcess(["/bin/sh", "-c", child + "; exit $?"], tmp_path)
    until(process, lambda: "asleep" in process.log)
    start = time.monotonic()
    process.cancel()
    until(process, lambda: False)
    assert 0.5 < time.monotonic() - start < 1.5


def test_a_worker_without_parent_ends_by_itself(tmp_path):
    """Slicer crashed: the grandchild notices that its launcher is gone."""
    events: list[dict] = []
    process = slow_worker(tmp_path, events, listens=False, launcher=True)
    until(process, lambda: any(event["event"] == "progress" for event in events))
    process.process.kill()  # the launcher alone
    start = time.monotonic()
    until(process, lambda: False)
    assert time.monotonic() - start < 1.5


def test_what_libraries_print_is_no_event(tmp_path):
    events: list[dict] = []
    process = slow_worker(tmp_path, events)
    until(process, lambda: bool(events))
    process.kill()
    until(process, lambda: False)
    assert {event["event"] for event in events} == {"progress"}
    assert "chatter of a library on standard output" in process.log


def test_a_failure_comes_back_in_words(runtime):
    running = Running(runtime, small_job(model="/nowhere/model.onnx"), lambda f: None)
    with pytest.raises(FusionError, match="no such file"):
        running.wait()
    assert running.outcome == "failed"


def test_a_python_without_coconet_med_says_so(tmp_path):
    bare = PythonRuntime(sys.executable, {**os.environ, "PYTHONPATH": str(tmp_path)})
    with pytest.raises(FusionError, match=r"lacks coconet_med; install coconet-med"):
        Running(bare, small_job(), lambda f: None).wait()


def test_a_crash_is_reported_with_the_end_of_its_log(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, os\nsys.stderr.write('dying words\\n')\nsys.stderr.flush()\nos._exit(9)\n", encoding="utf-8"
    )
    broken = PythonRuntime(sys.executable, {**os.environ, "PYTHONPATH": str(tmp_path)})
    with pytest.raises(FusionError, match=r"code 9\. dying words"):
        Running(broken, small_job(), lambda f: None).wait()


def test_a_changed_model_file_is_refused(runtime, tmp_path):
    from coconet_med.model import WEIGHTS

    copy = tmp_path / "model.onnx"
    copy.write_bytes((WEIGHTS / "light.onnx").read_bytes())
    import hashlib

    right = hashlib.sha256(copy.read_bytes()).hexdigest()
    assert Running(runtime, small_job(model=str(copy), sha256=right), lambda f: "fused").wait() == "fused"
    copy.write_bytes(copy.read_bytes() + b"\0")
    with pytest.raises(FusionError, match="is not the model expected"):
        Running(runtime, small_job(model=str(copy), sha256=right), lambda f: None).wait()


def test_a_checksum_beside_the_model_is_held_to(runtime, tmp_path):
    from coconet_med.model import WEIGHTS

    copy = tmp_path / "model.onnx"
    copy.write_bytes((WEIGHTS / "light.onnx").read_bytes())
    (tmp_path / "model.onnx.sha256").write_text(f"{'0' * 64}  model.onnx\n", encoding="utf-8")
    with pytest.raises(FusionError, match="is not the model expected"):
        Running(runtime, small_job(model=str(copy)), lambda f: None).wait()


def test_a_sheared_grid_arrives_as_it_is():
    sys.path.insert(0, str(SCRIPTS))
    from slicer_cases import SHEAR
    from worker_exchange import to_image

    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    image = to_image(array, SHEAR @ np.diag([1, 2, 3, 1]))
    lps = np.array(image.TransformIndexToPhysicalPoint((3, 2, 1)))
    assert np.allclose(lps * [-1, -1, 1], (SHEAR @ np.diag([1, 2, 3, 1]) @ [3, 2, 1, 1])[:3])
    straight = np.array(to_image(array, SHEAR, upright=True).GetDirection()).reshape(3, 3)
    assert np.allclose(straight.T @ straight, np.eye(3))


def test_the_runtime_that_the_user_chose_has_slicers_own_paths_taken_away(monkeypatch):
    import slicer

    from PETMRFusionLib import runtime as module

    dirty = {"PYTHONHOME": "/slicer", "PYTHONPATH": "/slicer/lib", "PATH": "/bin"}
    monkeypatch.setattr(slicer.util, "startupEnvironment", lambda: dict(dirty))
    found = module.find_runtime(sys.executable)
    assert dict(found.environment) == {"PATH": "/bin"}
    assert not found.own
    with pytest.raises(ValueError, match="no such program"):
        module.find_runtime("/nowhere/python")
