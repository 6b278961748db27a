"""Nothing calls home: no socket, and no file outside the output and the temporary folder, however the fusion is run."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from coconet_med.system import telemetry

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "slicer_module/PETMRFusion/Scripts/fuse_worker.py"

#: Number of the system call socket(), and the mark of the instruction set, by processor.
SOCKET = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}

#: Run first in a process: the kernel then kills it, and all processes that it starts, at the first socket that any
#: code in it opens, native code too (seccomp).  An audit hook notes where Python code writes.
WATCHED = """
import ctypes, os, runpy, struct, sys, time

number, machine = {call}
steps = [(0x20, 0, 0, 4), (0x15, 0, 3, machine), (0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x80000000),
         (6, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0

def note(event, given):
    path = given[0] if given else ""
    writes = event == "open" and given[1] and set(str(given[1])) & set("wax+")
    if (writes or event == "os.mkdir") and isinstance(path, (str, bytes)) and os.fsdecode(path) != os.devnull:
        with_pipe.write(os.path.abspath(os.fsdecode(path)) + "\\n")
        with_pipe.flush()

with_pipe = open({notes!r}, "a")
sys.addaudithook(note)
sys.argv = {argv!r}
try:
    {job}
finally:
    time.sleep({wait})
"""


def watch(tmp_path: Path, argv: list[object], *, module: str = "coconet_med", wait: float = 0) -> list[str]:
    """Run a program with a home of its own; where it wrote.  Fails where it opened a socket or wrote to that home."""
    call = SOCKET.get(platform.machine()) if sys.platform == "linux" else None
    if call is None:
        pytest.skip("system calls are watched by seccomp: needs Linux on x86_64 or aarch64")
    home, work, temporary = (tmp_path / name for name in ("home", "work", "tmp"))
    for folder in (home, work, temporary):
        folder.mkdir()
    job = f"runpy.run_module({module!r}, run_name='__main__')"
    if module.endswith(".py"):
        job = f"runpy.run_path({module!r}, run_name='__main__')"
    notes = tmp_path / "notes"
    words = [module, *map(str, argv)]
    script = textwrap.dedent(WATCHED).format(call=call, notes=str(notes), argv=words, job=job, wait=wait)
    environment = {k: v for k, v in os.environ.items() if k not in (telemetry.ONNXRUNTIME_VARIABLE, "XDG_CACHE_HOME")}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": f"{_plain(tmp_path)}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=work, env=environment, capture_output=True, encoding="utf-8", timeout=240
    )
    assert done.returncode == 0, f"-31 (SIGSYS) is a socket\n{done.stdout}{done.stderr}"
    assert list(home.rglob("*")) == []
    assert list(work.rglob("*")) == []
    own = f"{tmp_path}{os.sep}"
    assert [line for line in notes.read_text(encoding="utf-8").splitlines() if not line.startswith(own)] == []
    return notes.read_text(encoding="utf-8").splitlines()


def _plain(tmp_path: Path) -> Path:
    """What hides ``requests``, as in the plain install: pydicom imports it where it is, and its urllib3 binds ::1."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "requests.py").write_text("raise ImportError('not in the plain install')", encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """A pair of 16 x 16 x 16 voxels of 10 mm."""
    import SimpleITK as sitk

    rng = np.random.default_rng(0)
    paths = tmp_path / "T1.nii.gz", tmp_path / "PET.nii.gz"
    for path in paths:
        image = sitk.GetImageFromArray(rng.random((16, 16, 16), np.float32))
        image.SetSpacing((10, 10, 10))
        image.SetOrigin((-75, -75, -75))
        sitk.WriteImage(image, str(path))
    return paths


@pytest.mark.parametrize(
    ("engine", "wait"),
    [("onnx", 10), ("openvino", 1)],  # onnxruntime would wait 8.6 s before its first socket, OpenVINO none
)
def test_fuse_opens_no_socket_and_writes_nothing_elsewhere(tmp_path, small, engine, wait):
    if engine == "openvino" and find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    target = tmp_path / "fused.nii.gz"
    arguments = ["fuse", *small, "-o", target, "--register", "never", "--engine", engine]
    assert watch(tmp_path, arguments, wait=wait)
    assert target.is_file()


def test_the_workers_of_a_batch_are_as_silent(tmp_path, small):
    arguments = ["batch", tmp_path, tmp_path / "out", "--anatomy", "*T1.nii.gz", "--function", "*PET.nii.gz"]
    watch(tmp_path, [*arguments, "--register", "never", "--quiet"])
    assert (tmp_path / "out/summary.csv").is_file()


def test_the_worker_of_the_slicer_module_is_as_silent(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("mr", "pet"):
        np.save(folder / f"{name}.npy", rng.random((4, 24, 20), np.float32))
    volumes = [{"array": f"{n}.npy", "ijk_to_ras": np.diag([2, 2, 5, 1]).tolist(), "name": n} for n in ("mr", "pet")]
    order = {"task": "fuse", "anatomy": volumes[0], "frames": [volumes[1]], "window": [0, 1], "plane": "auto"}
    (folder / "job.json").write_text(
        json.dumps({**order, "colormap": "uptake", "engine": "onnx", "device": "cpu"}), encoding="utf-8"
    )
    watch(tmp_path, [folder], module=str(WORKER))
    assert (folder / "result/luminance-0.npy").is_file()


def test_whoever_imports_the_package_is_silent_before_any_library_is_loaded():
    program = (
        "import os, sys, coconet_med; "
        "print(os.environ['ORT_DISABLE_TELEMETRY'], sys.modules['openvino_telemetry'], 'onnxruntime' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.split() == ["1", "None", "False"]


def test_the_doctor_says_whether_libraries_report(monkeypatch):
    assert set(telemetry.reports().values()) == {"off"}
    monkeypatch.setenv(telemetry.ONNXRUNTIME_VARIABLE, "0")
    monkeypatch.setitem(sys.modules, telemetry.OPENVINO_PACKAGE, object())
    reported = telemetry.reports()
    assert "set it to 1" in reported["onnxruntime"]
    assert "import coconet_med first" in reported["openvino"]
