"""Temporary folders of killed processes are cleared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from coconet_med.system.scratch import PREFIX, clear_scratch, scratch_folder

KILLED = """
import os, signal, sys
from coconet_med.system.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "patient.nii.gz").write_bytes(b"image")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_worker_left_in_the_temporary_folder_is_cleared_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, encoding="utf-8")
    left = Path(killed.stdout.strip())
    assert killed.returncode == -signal.SIGKILL
    assert (left / "patient.nii.gz").is_file()
    with scratch_folder() as mine:
        (mine / "image").touch()
        clear_scratch()
        assert not left.exists()
        assert (mine / "image").exists(), "its worker lives"
    assert list(tmp_path.glob(f"*{PREFIX}*")) == []
