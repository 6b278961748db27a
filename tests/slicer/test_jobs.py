"""Workers and their pixels: events arrive, and both end with Slicer, or with the next one."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from PETMRFusionLib import jobs
from PETMRFusionLib.jobs import JobFolder, Running


@pytest.mark.skipif(os.name == "nt", reason="usleep is of POSIX")
def test_events_arrive_although_the_idle_loop_holds_pythons_lock(runtime):
    """Slicer's event loop is C++ that does not let go of the lock; PyDLL calls do not either."""
    idle = ctypes.PyDLL(None).usleep
    folder, seen = JobFolder(), []
    folder.order("describe")
    running = Running(runtime, folder, JobFolder.facts, on_event=lambda event: seen.append(event["event"]))
    end = time.monotonic() + 60
    while running.poll():
        idle(30_000)
        assert time.monotonic() < end
    assert running.outcome == "done"
    assert seen == ["done"]
    assert "onnx" in str(running.value["engines"])


def test_nothing_of_the_module_needs_a_thread_of_its_own():
    """A thread of Python gets its turn only while Python runs, so nothing may wait for one."""
    library = Path(jobs.__file__).parent
    for file in library.glob("*.py"):
        assert "threading" not in file.read_text(encoding="utf-8"), file.name


def test_workers_and_pixels_end_with_slicer(tmp_path):
    """A Slicer that ends in the middle of a job leaves neither a process nor a folder."""
    script = tmp_path / "slicer.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "import conftest\n"
        "from pathlib import Path\n"
        "from PETMRFusionLib.jobs import JobFolder\n"
        "from PETMRFusionLib.process import WorkerProcess\n"
        "folder = JobFolder()\n"
        "process = WorkerProcess([sys.executable, '-c', 'import time; time.sleep(60)'], folder.path)\n"
        "print(process.process.pid, folder.path, flush=True)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, encoding="utf-8", check=True)
    pid, folder = done.stdout.split()[-2:]
    assert not Path(folder).exists()
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_pixels_of_a_slicer_that_crashed_are_deleted_by_the_next(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    crashed, mine = tmp_path / f"petmrfusion-{gone.pid}-abc", tmp_path / f"petmrfusion-{os.getppid()}-abc"
    foreign = tmp_path / "petmrfusion-notes-1"
    for folder in (crashed, mine, foreign):
        folder.mkdir()
        (folder / "anatomy.npy").write_bytes(b"pixels")
    jobs.remove_orphans()
    assert not crashed.exists()
    assert mine.exists()
    assert foreign.exists()
