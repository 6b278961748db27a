"""Leaving at once leaves nothing undone."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

BEGIN = "import atexit, sys, threading, time\nfrom coconet_med.system.leaving import leave\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, encoding="utf-8", timeout=60)


@pytest.mark.parametrize("code", [0, 2])
def test_what_was_printed_and_registered_comes_first(code: int):
    done = run(f"atexit.register(print, 'registered')\nprint('printed')\nprint('x' * 100_000)\nleave({code})")
    assert done.returncode == code
    assert done.stdout.splitlines()[::2] == ["printed", "registered"]
    assert len(done.stdout) > 100_000


def test_nothing_is_taken_apart():
    done = run("class Last:\n    def __del__(self): print('taken apart')\nlast = Last()\nleave(0)")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_thread_at_work_is_waited_for():
    work = "def work():\n    time.sleep(0.2)\n    print('finished')\n"
    done = run(work + "threading.Thread(target=work).start()\nleave(3)")
    assert (done.returncode, done.stdout.strip()) == (3, "finished")


def test_threads_that_wait_for_work_end():
    pool = (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\npool.submit(print, 'done')\n"
    )
    done = run(f"{pool}class Last:\n    def __del__(self): print('taken apart')\nlast = Last()\nleave(4)")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (4, "done", "")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_the_wait_for_a_thread():
    """Where the process ended as any other then, a library whose threads were at work ended it by a signal."""
    work = "threading.Thread(target=time.sleep, args=(50,)).start()\natexit.register(print, 'registered')\n"
    stop = "import os\nstop = threading.Timer(0.3, os.kill, (os.getpid(), 2))\nstop.daemon = True\nstop.start()\n"
    began = time.monotonic()
    done = run(f"{work}{stop}leave(130)")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (130, "registered", "")
    assert time.monotonic() - began < 40


def test_a_profiler_still_reports():
    code = f"import cProfile\ncProfile.run({(BEGIN + 'leave(0)')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert "function calls" in done.stdout


def test_a_command_tells_its_exit_code_and_its_error():
    for arguments, code, words in (
        (["--version"], 0, "coconet-med"),
        (["fuse", "a.nii", "b.nii"], 2, "error: no output"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "coconet_med", *arguments], capture_output=True, encoding="utf-8", timeout=60
        )
        assert done.returncode == code
        assert words in done.stdout + done.stderr
