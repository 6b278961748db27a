"""Ending a worker opens no window on Windows."""

from __future__ import annotations

import subprocess
import sys
import time

from PETMRFusionLib.process import NO_WINDOW, WorkerProcess


def test_ending_a_worker_opens_no_window_on_windows(tmp_path, monkeypatch):
    process = WorkerProcess([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
    seen = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: seen.append((command, options)))
    monkeypatch.setattr("PETMRFusionLib.process.os.name", "nt")
    process.kill()
    monkeypatch.undo()
    command, options = seen[0]
    assert command == ["taskkill", "/T", "/F", "/PID", str(process.process.pid)]
    assert options["creationflags"] == NO_WINDOW
    process.kill()
    while process.poll():
        time.sleep(0.01)
