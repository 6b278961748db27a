"""The code of the Slicer extension as text: nothing happens at file scope, and names agree with the package's.

Needs neither Slicer nor its core; runs everywhere.
"""

from __future__ import annotations

import ast
import re
import sys

import pytest
from slicer_sources import IN_SLICER, MODULE, SOURCES, tree

#: What Slicer's own process has; anything else may be imported in functions at most.
AT_FILE_SCOPE = {"slicer", "qt", "ctk", "vtk", "numpy", "PETMRFusionLib", *sys.stdlib_module_names}

#: Never in Slicer's process, not even in a function.
NEVER = {"torch", "monai", "onnxruntime", "openvino", "coconet_med", "SimpleITK", "sitkUtils"}


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [(node.module or "").split(".")[0]]
    return []


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_nothing_foreign_is_imported_and_nothing_called_at_file_scope(file):
    workers = {path.stem for path in (MODULE / "Scripts").glob("*.py")}
    allowed = AT_FILE_SCOPE | (workers if "Scripts" in file.parts else set())
    for node in tree(file).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
            continue
        assert not isinstance(node, ast.Try | ast.With | ast.For | ast.While), f"{file.name}:{node.lineno}"
        assert not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)), f"{file.name}:{node.lineno}"
        assert set(imported(node)) <= allowed, f"{file.name}:{node.lineno}"


@pytest.mark.parametrize("file", IN_SLICER, ids=lambda file: file.name)
def test_nothing_heavy_is_ever_imported_into_slicers_process(file):
    names = {name for node in ast.walk(tree(file)) for name in imported(node)}
    assert names & NEVER == set()


@pytest.mark.parametrize("file", [f for f in SOURCES if f not in IN_SLICER], ids=lambda file: file.name)
def test_the_worker_knows_nothing_of_slicer(file):
    names = {name for node in ast.walk(tree(file)) for name in imported(node)}
    assert names & {"slicer", "qt", "ctk", "vtk", "PETMRFusionLib"} == set()


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_no_file_grows_beyond_a_few_screens(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 310


@pytest.mark.parametrize("file", IN_SLICER, ids=lambda file: file.name)
def test_errors_that_users_read_go_through_translation(file):
    """An f-string cannot be translated; words are given to ``_()``, and values to ``format``."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            said = node.exc.args[0]
            assert not isinstance(said, ast.JoinedStr), f"{file.name}:{node.lineno}"
            assert not (isinstance(said, ast.Constant) and " " in str(said.value)), f"{file.name}:{node.lineno}"
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "msg" and file.name != "slabs.py":
            assert ast.unparse(node.value).startswith("_("), f"{file.name}:{node.lineno}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
            assert all(isinstance(argument, ast.Constant) for argument in node.args), f"{file.name}:{node.lineno}"


def test_what_users_read_goes_through_translation():
    """Texts set on controls are wrapped in _(), or are made of values alone."""
    for file in IN_SLICER:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Assign) and re.fullmatch(
                r"self\.ui\.\w+\.(text|toolTip)", ast.unparse(node.targets[0])
            ):
                bare = [
                    c.value
                    for c in ast.walk(node.value)
                    if isinstance(c, ast.Constant) and re.search("[A-Z][a-z]+ ", str(c.value))
                ]
                wrapped = ast.unparse(node.value).count("_(")
                assert not bare or wrapped, f"{file.name}:{node.lineno}: {bare}"


def test_the_choices_are_those_of_the_package():
    from coconet_med.color.colormaps import COLORMAPS
    from coconet_med.model import ENGINES

    namespace: dict[str, object] = {}
    for node in tree(MODULE / "PETMRFusionLib" / "settings.py").body:
        if isinstance(node, ast.Assign):
            namespace[node.targets[0].id] = ast.literal_eval(node.value)
    assert namespace["COLORMAPS"] == tuple(COLORMAPS)
    assert namespace["ENGINES"] == ("auto", *ENGINES)
    assert namespace["PLANES"] == ("auto", "axial", "coronal", "sagittal")
