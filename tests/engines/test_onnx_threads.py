"""onnxruntime takes all cores of the machine whatever a job may use; the engine takes those of the job."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COUNT = """
import os
from coconet_med.engines.onnx import OnnxEngine
from coconet_med.model import WEIGHTS
import numpy as np
os.sched_setaffinity(0, {CPU})
import onnxruntime
before = len(os.listdir("/proc/self/task"))
OnnxEngine(WEIGHTS / "light.onnx").run(np.zeros((1, 2, 64, 64), np.float32))
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity masks on this system")
def test_a_job_of_one_core_starts_no_further_threads() -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores to see it")
    code = COUNT.replace("{CPU}", str({min(os.sched_getaffinity(0))}))
    got = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert got.stdout.split()[-1] == "0"
