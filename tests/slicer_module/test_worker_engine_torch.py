"""The worker of the Slicer module with the torch engine, as with the weights of the MONAI bundle; no Slicer needed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "slicer_module" / "PETMRFusion" / "Scripts" / "fuse_worker.py"


def run(folder: Path, **orders: object) -> tuple[int, list[dict]]:
    rng = np.random.default_rng(0)
    for name in ("mr", "pet"):
        np.save(folder / f"{name}.npy", rng.random((4, 24, 20), np.float32))
    volumes = [{"array": f"{n}.npy", "ijk_to_ras": np.diag([2, 2, 5, 1]).tolist(), "name": n} for n in ("mr", "pet")]
    job = {"task": "fuse", "anatomy": volumes[0], "frames": [volumes[1]], "window": [0, 1], "plane": "auto"}
    (folder / "job.json").write_text(json.dumps({**job, "colormap": "uptake", **orders}), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(WORKER), str(folder)], capture_output=True, encoding="utf-8", env=environment, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    from coconet_med.network import CoCoNet

    torch.manual_seed(0)
    path = tmp_path / "bundle" / "models" / "model.pt"
    path.parent.mkdir(parents=True)
    torch.save(CoCoNet(width=16).state_dict(), path)
    return path


def test_the_torch_engine_fuses_with_the_weights_of_a_bundle(tmp_path, weights):
    import SimpleITK as sitk

    import coconet_med

    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    code, events = run(tmp_path, engine="torch", device="cpu", model=str(weights), sha256=digest)
    assert code == 0, events
    facts = json.loads((tmp_path / "result" / "facts.json").read_text(encoding="utf-8"))
    model = facts["frames"][0]["provenance"]["model"]
    assert (model["engine"], model["sha256"]) == ("torch", digest)
    images = [sitk.GetImageFromArray(np.load(tmp_path / f"{name}.npy")) for name in ("mr", "pet")]
    for image in images:
        image.SetSpacing((2, 2, 5))
        image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    model = coconet_med.load_model(weights, engine="torch", device="cpu")
    core = coconet_med.fuse(*images, register="never", window=(0, 1), model=model)
    found = np.load(tmp_path / "result" / "luminance-0.npy")
    assert np.abs(found - sitk.GetArrayFromImage(core.luminance)).max() < 1e-5


def test_weights_that_changed_are_refused(tmp_path, weights):
    code, events = run(tmp_path, engine="torch", device="cpu", model=str(weights), sha256="0" * 64)
    assert code == 1
    assert "is not the model expected" in events[-1]["message"]
    assert not (tmp_path / "result").exists()


def test_a_device_that_is_not_there_is_reported_in_words(tmp_path, weights):
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    code, events = run(tmp_path, engine="torch", device="cuda", model=str(weights))
    assert code == 1
    assert "choose the device cpu" in events[-1]["message"]
