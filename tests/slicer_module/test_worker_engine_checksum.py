"""What stands in a file NAME.sha256 beside a model is held to by the worker of the Slicer module; no Slicer needed."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pytest

from coconet_med.errors import ModelError

ENGINE = Path(__file__).resolve().parents[2] / "slicer_module" / "PETMRFusion" / "Scripts" / "worker_engine.py"


@pytest.fixture
def check():
    spec = importlib.util.spec_from_file_location("worker_engine_of_the_checksum_test", ENGINE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.check_sha256


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("text", ["", "\n", "model.onnx\n", "12ab  model.onnx\n", "\0\0\n"])
def test_a_checksum_file_without_a_checksum_is_an_error_that_says_what_to_do(check, model: Path, text: str) -> None:
    beside = model.with_name("model.onnx.sha256")
    beside.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError) as refused:
        check(model, None)
    assert str(refused.value) == (
        f"{beside}: holds no sha256 (64 hexadecimal digits); make it anew with sha256sum, or delete it"
    )


def test_the_right_checksum_passes_and_a_wrong_one_is_refused(check, model: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    beside = model.with_name("model.onnx.sha256")
    beside.write_text(f"{digest.upper()} *model.onnx\n", encoding="utf-8")
    check(model, None)
    model.write_bytes(b"others")
    with pytest.raises(ModelError, match="is not the model expected"):
        check(model, None)
    beside.unlink()
    check(model, None)
