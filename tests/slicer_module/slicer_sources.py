"""The Slicer extension as text, for the tests that read it.

Needs neither Slicer nor its core; runs everywhere.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "slicer_module"
MODULE = EXTENSION / "PETMRFusion"
SOURCES = sorted(MODULE.rglob("*.py"))
IN_SLICER = [file for file in SOURCES if "Scripts" not in file.parts]


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 12))
