"""The side-car lies beside the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import coconet_med
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.result import FusionResult


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


def test_the_sidecar_lies_beside_the_result(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "my.fused.nii.gz")
    assert json.loads((tmp_path / "my.fused.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(result.sidecar())
    )
