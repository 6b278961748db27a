"""Slicer's own Python is found by its place."""

from __future__ import annotations

import os
import sys

import slicer

from PETMRFusionLib import runtime


def test_slicers_own_python_is_found_by_its_place_and_not_by_path(scene, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    for folder in (other, tmp_path / "Slicer" / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "PythonSlicer").write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / "PythonSlicer").chmod(0o755)
    monkeypatch.setenv("PATH", str(other), prepend=os.pathsep)
    assert runtime.find_runtime().python == sys.executable
    monkeypatch.setattr(slicer.app, "slicerHome", str(tmp_path / "Slicer"))
    assert runtime.find_runtime().python == str(tmp_path / "Slicer" / "bin" / "PythonSlicer")
