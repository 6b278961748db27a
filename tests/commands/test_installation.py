"""The doctor measures the engines, and says which is taken and why."""

from __future__ import annotations

import json

import pytest

from coconet_med.commands import installation


def found(ms: float, off: float = 0.1) -> dict[str, object]:
    return {"ms_per_slice": ms, "precision": "float32", "gray_levels": off}


@pytest.fixture(scope="module")
def findings() -> dict[str, object]:
    return installation.examine()


def test_each_installed_engine_is_tried_out(findings: dict) -> None:
    assert "onnx" in findings["engines_measured"]
    for measured in findings["engines_measured"].values():
        assert measured["ms_per_slice"] > 0
        assert measured["gray_levels"] < 1
        assert measured["precision"] in ("float32", "mixed")


def test_the_findings_are_plain_json_and_the_text_names_the_choice_and_its_reason(findings: dict) -> None:
    assert json.loads(json.dumps(findings)) == findings
    text = installation.to_text(findings)
    assert f"--engine auto takes {findings['engine_auto']}: {findings['engine_auto_reason']}" in text
    assert "gray levels" in text
    of_pictures = "for two pictures it takes onnx, which is ready first"
    for engine, said in (("openvino", True), ("onnx", False)):
        assert (of_pictures in installation.to_text(findings | {"engine_auto": engine})) == said


def test_a_slower_or_wrong_choice_is_a_problem_with_a_remedy() -> None:
    assert installation._complaints("openvino", {"onnx": found(40), "openvino": found(20)}) == []
    assert "--engine onnx" in installation._complaints("openvino", {"onnx": found(10), "openvino": found(20)})[0]
    assert "gray levels" in installation._complaints("openvino", {"onnx": found(40, 3), "openvino": found(20, 3)})[0]
    assert "broken" in installation._complaints("openvino", {"openvino": {"problem": "broken"}})[0]


def test_the_reason_is_what_was_measured() -> None:
    assert "2.0 times" in installation._reason("openvino", {"onnx": found(40), "openvino": found(20)})
    assert "only one" in installation._reason("onnx", {"onnx": found(40)})
    assert installation._reason("onnx", {}) == "the one that is installed"
