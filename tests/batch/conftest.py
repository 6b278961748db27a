from __future__ import annotations

import dataclasses
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from batch_phantom import ball

from coconet_med.batch import BatchOptions
from coconet_med.model import Model


class HalfAndHalf:
    """An engine that averages both images; counts its runs."""

    name, device, version = "onnx", "cpu", "test"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, image: np.ndarray) -> np.ndarray:
        self.runs += 1
        return image.mean(axis=1, keepdims=True)


@dataclasses.dataclass
class Shelf:
    """Stands in for ``load_model``: hands out one engine under any name and remembers what was loaded."""

    engine: HalfAndHalf
    loaded: list[str]

    def __call__(self, name: str, **_: Any) -> Model:
        self.loaded.append(name)
        return Model(name, Path(name), f"sha-of-{name}", self.engine, {})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(HalfAndHalf(), [])


@pytest.fixture
def quick() -> BatchOptions:
    """No registration: the balls lie where they should."""
    return BatchOptions(register="never")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a network that averages both images: for what runs in processes of its own."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: no tiny weights for the worker processes")
    from onnx import TensorProto, helper

    shape = ["batch", 2, "height", "width"]
    node = helper.make_node("ReduceMean", ["image", "axes"], ["pred"], keepdims=1)
    graph = helper.make_graph(
        [node],
        "average",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("pred", TensorProto.FLOAT, ["batch", 1, "height", "width"])],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    path = tmp_path_factory.mktemp("weights") / "average.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


@pytest.fixture
def dicom_study() -> Callable[[Path], None]:
    """Writes the MR and PET series of a ball below a folder."""
    path = Path(__file__).parents[1] / "dicom/dicom_phantom.py"
    spec = importlib.util.spec_from_file_location("dicom_phantom_of_batch", path)
    dicom = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dicom)

    def write(folder: Path) -> None:
        anatomy, function = (np.rint(sitk.GetArrayFromImage(image)).astype(int) for image in ball(0))
        common = {"spacing": (4.0, 4.0), "step": 4.0, "origin": (-62.0, -62.0, -62.0)}
        dicom.classic(folder / "mr", "MR", values=anatomy, **common)
        dicom.classic(folder / "pt", "PT", series="PET AC", values=function, **common)

    return write


@pytest.fixture
def hanging(monkeypatch, tmp_path):
    """A reader that never returns for ``slow_pet.nii.gz``, in worker processes too."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(
        "import time, coconet_med.readers.dynamic as dynamic\n"
        "real = dynamic.read_functional\n"
        "def read_functional(path, **more):\n"
        "    time.sleep(600 * path.name.startswith('slow'))\n"
        "    return real(path, **more)\n"
        "dynamic.read_functional = read_functional\n",
        encoding="utf-8",
    )
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'hook'}{os.pathsep}{Path(__file__).parents[2]}{os.pathsep}{before}")
