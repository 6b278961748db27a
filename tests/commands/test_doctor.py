"""``coconet-med doctor`` names the engine and the weights."""

from __future__ import annotations

import json

import pytest
from typed import run


def test_doctor_names_the_engine_and_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert findings["engine_auto"] in ("onnx", "openvino")
    assert len(findings["weights"]["light"]["sha256"]) == 64
    assert run("doctor") == 0
    assert findings["weights"]["light"]["sha256"] in capsys.readouterr().out
