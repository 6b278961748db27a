"""The checklist for a person with the desktop asks for exactly what nothing else can prove, and its script runs."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_names import names_used

EXTENSION = Path(__file__).resolve().parents[2] / "slicer_module"


@pytest.fixture(scope="module")
def only_desktop() -> set[str]:
    """Asked of the core in a process of its own, without our stand-ins."""
    code = "import json, desktop_names as d; print(json.dumps([n for n in d.names_used() if not d.in_core(n)]))"
    clean = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, encoding="utf-8", check=True)
    return set(json.loads(done.stdout))


def test_the_checklist_asks_for_exactly_what_only_the_desktop_can_prove(only_desktop):
    text = (EXTENSION / "CHECKLIST.md").read_text(encoding="utf-8")
    asked = re.findall(r"`((?:slicer|qt|ctk|DICOMLib|SampleData)\.[\w.]+)`", text)
    assert set(asked) == only_desktop
    assert len(asked) == len(set(asked))  # each in one step
    assert 30 < len(only_desktop) < len(names_used())


def test_the_script_for_the_desktop_knows_the_same_names(only_desktop):
    tree = ast.parse((EXTENSION / "self_test.py").read_text(encoding="utf-8"))
    named = next(n for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "NAMES")
    assert sorted(only_desktop) == sorted(ast.literal_eval(named.value))


def test_the_script_for_the_desktop_writes_its_report(scene, application, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    code = (EXTENSION / "self_test.py").read_text(encoding="utf-8")
    exec(compile(code, "self_test.py", "exec"), {"__name__": "console"})
    report = (tmp_path / "petmrfusion-report.txt").read_text(encoding="utf-8")
    assert "passed  test_fuse" in report
    assert "passed  test_cancel" in report
    assert "views made: 3 of 3" in report
    assert "FAILED" not in report.replace("say FAILED", "")
    assert "MISSING slicer.packaging" in report  # our stand-ins have none: the report would say so
    assert str(tmp_path) not in report
