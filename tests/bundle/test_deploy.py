"""The MONAI Deploy application: its operators by stand-ins of the SDK, and as a whole where the SDK is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic

from coconet_med.errors import ReadError
from coconet_med.phantom import head_phantom

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "bundles" / "deploy"

#: An interpreter with the SDK and coconet-med, where it is not the one that runs the tests.
PYTHON = os.environ.get("COCONET_DEPLOY_PYTHON", sys.executable)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MR and PET series of a generated head in one folder."""
    folder = tmp_path_factory.mktemp("study")
    head = head_phantom(spacing=6.0, pet_spacing=7.0, noise=0.3)
    for image, kind, name in ((head.t1, "MR", "T1 MPRAGE"), (head.pet, "PT", "PET AC")):
        values = sitk.GetArrayFromImage(image)
        slope = float(values.max()) / 4000
        spacing = image.GetSpacing()
        classic(
            folder / kind,
            kind,
            series=name,
            values=np.rint(values / slope).astype(int),
            origin=image.GetOrigin(),
            spacing=(spacing[1], spacing[0]),
            step=spacing[2],
            slopes=[slope] * len(values) if kind == "PT" else None,
        )
    return folder


class _Ports(dict):
    """What an operator receives and emits, by name."""

    receive = dict.get

    def emit(self, value: Any, name: str) -> None:
        self[name] = value


class _Spec:
    """Notes the ports of an operator."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def input(self, name: str) -> _Spec:
        self.names.append(name)
        return self

    def output(self, name: str) -> _Spec:
        return self.input(name)

    def condition(self, kind: Any) -> None:
        pass


class _Operator:
    def __init__(self, fragment: Any, *args: Any, name: str = "", **more: Any) -> None:
        self.conditions, self.name = args, name


@pytest.fixture
def operators(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the operators over stand-ins of the few classes of the SDK that it names."""
    import importlib.util

    core, conditions = ModuleType("monai.deploy.core"), ModuleType("monai.deploy.conditions")
    core.Operator = _Operator  # type: ignore[attr-defined]
    core.ConditionType = type("ConditionType", (), {"NONE": 0})  # type: ignore[attr-defined]
    core.Fragment = core.OperatorSpec = object  # type: ignore[attr-defined]
    conditions.CountCondition = lambda fragment, count: ("count", count)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "monai", sys.modules.get("monai") or ModuleType("monai"))
    for name, module in (("monai.deploy", ModuleType("monai.deploy")), (core.__name__, core)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, conditions.__name__, conditions)
    described = importlib.util.spec_from_file_location("deploy_operators", APP / "operators.py")
    assert described is not None
    assert described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def test_the_operators_make_a_series_of_a_study(operators: ModuleType, study: Path, tmp_path: Path) -> None:
    ports = _Ports()
    chain = (
        operators.StudyReaderOperator(None, name="reader", input_folder=study),
        operators.FusionOperator(None, name="fuser", options={"colormap": "ember"}),
        operators.SeriesWriterOperator(None, name="writer", output_folder=tmp_path / "new" / "out"),
    )
    for operator, named in zip(chain, (["input_folder", "pair"], ["pair", "result"], ["result"]), strict=True):
        spec = _Spec()
        operator.setup(spec)
        assert spec.names == named
        operator.compute(ports, ports, None)
    assert ("count", 1) in chain[0].conditions  # a study is fused once
    files = sorted((tmp_path / "new" / "out" / "fused").glob("*.dcm"))
    slices = ports["pair"][0].image.GetSize()[2]
    assert len(files) >= slices
    assert pydicom.dcmread(files[0], stop_before_pixels=True).PatientID == "P-1"
    assert ports["result"].colormap == "ember"
    assert (tmp_path / "new" / "out" / "fused.json").is_file()


def test_another_folder_may_come_by_the_port_and_an_empty_one_is_refused(operators: ModuleType, tmp_path: Path) -> None:
    reader = operators.StudyReaderOperator(None, name="reader", input_folder=tmp_path / "none")
    with pytest.raises(ReadError, match="no DICOM files found"):
        reader.compute(_Ports(input_folder=str(tmp_path)), _Ports(), None)


def _needs_sdk() -> None:
    asked = subprocess.run([PYTHON, "-c", "import monai.deploy.core"], capture_output=True)
    if asked.returncode:
        pytest.skip("needs monai-deploy-app-sdk 4.0.0, here or in the interpreter that COCONET_DEPLOY_PYTHON names")


def _run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    import resource

    def larger_stack() -> None:  # what `ulimit -s 32768` does
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        wanted = 32768 * 1024
        resource.setrlimit(
            resource.RLIMIT_STACK, (wanted if hard in (-1, resource.RLIM_INFINITY) else min(wanted, hard), hard)
        )

    return subprocess.run(
        [PYTHON, "-W", "ignore", str(APP), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=280,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=larger_stack,
    )


def test_the_application_fuses_a_study_once(study: Path, tmp_path: Path) -> None:
    _needs_sdk()
    done = _run("-i", study, "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count("anatomy: T1 MPRAGE; function: PET AC") == 1
    assert pydicom.dcmread(next((tmp_path / "out" / "fused").glob("*.dcm"))).SamplesPerPixel == 3
    done = _run("-i", study, "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.rstrip().splitlines()[-1].startswith("error: ")
    assert "exists already" in done.stdout
