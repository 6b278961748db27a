"""Ctrl-C ends a registration at once, whatever ITK is doing."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import os, signal, subprocess, sys
from coconet_med.align import prepared, registration
from coconet_med.phantom import head_phantom

head = head_phantom(spacing=4.0)
pair = prepared.Pair.of(head.t1, head.pet)
start = registration._rigid(pair.center, pair.center * 0)
seen = []

def tell(share):
    if not seen:  # from another process: it arrives while ITK is at work, and is handled on the way into the callback
        subprocess.Popen(["sh", "-c", f"sleep 0.02; kill -INT {os.getpid()}"])
    seen.append(share)

for _ in range(5):
    seen.clear()
    try:
        registration._optimize(pair, start, registration.FINE_LEVELS, tell)
    except KeyboardInterrupt:
        pass
    else:
        sys.exit("the interruption was lost")
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill(SIGINT) ends the process on Windows")
def test_ctrl_c_stops_a_registration_and_is_not_lost():
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, encoding="utf-8", timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
