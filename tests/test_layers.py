"""Modules do not import each other in circles, and the core does not know who calls it."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

grimp = pytest.importorskip("grimp", reason="no grimp here: pip install -e .[dev]")

PACKAGE = "coconet_med"

#: The module of 3D Slicer, whose scripts are files side by side; the first one starts the others and is named in hints.
ROOT = Path(__file__).resolve().parents[1]
SLICER = ROOT / "slicer_module" / "PETMRFusion"
FOR_HINTS = ("fuse_worker",)

#: Ways in: each may use all else, and only they may use each other.
FACES = ("batch", "bundle", "commands", "pacs", "training")

#: Run by PyTorch; only what is trained or run by it may import them.
TORCH = ("bundle", "network", "training", "transforms")


@cache
def graph() -> Any:
    return grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)


def imports() -> dict[str, set[str]]:
    """Every module with those that it imports anywhere, in functions too; not those for type hints alone."""
    return {module: set(graph().find_modules_directly_imported_by(module)) for module in graph().modules}


def subpackage(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def crossings(of: tuple[str, ...]) -> set[tuple[str, str]]:
    """Imports of modules of these packages by modules of none of them."""
    return {
        (module, other)
        for module, others in imports().items()
        for other in others
        if subpackage(other) in of and subpackage(module) not in of
    }


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def test_the_core_does_not_know_its_faces() -> None:
    assert crossings(FACES) == {("coconet_med.__main__", "coconet_med.commands.main")}


def test_torch_stays_with_what_needs_it() -> None:
    found = {(module, other) for module, other in crossings(TORCH) if subpackage(module) not in FACES}
    assert found == {("coconet_med.engines.torch", "coconet_med.network")}


@pytest.mark.parametrize("low", ["errors", "system", "geometry", "filters"])
def test_the_lowest_modules_import_only_each_other(low: str) -> None:
    allowed = {"", "errors", "system", "geometry", "filters", "_version"}
    seen = {subpackage(other) for module, others in imports().items() if subpackage(module) == low for other in others}
    assert seen <= allowed


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("align", "fusion"), ("color", "fusion"), ("dicom", "fusion"), ("engines", "inference"), ("network", "engines"),
        ("pair", "readers"), ("readers", "fusion"), ("result", "fusion"), ("steps", "fusion"), ("windowing", "readers"),
        ("inference", "steps"), ("report", "fusion"), ("writers", "fusion"), ("source", "readers"),
        ("slices", "inference"),
    ],
)  # fmt: skip
def test_what_comes_earlier_in_the_way_does_not_import_what_comes_later(low: str, high: str) -> None:
    found = [(m, o) for m, others in imports().items() if subpackage(m) == low for o in others if subpackage(o) == high]
    assert not found


#: What a pair is prepared by, each with its own package; ``steps`` puts them together, once for all ways in.
PREPARED_BY = {
    "align": ("align", "align_as_given"),
    "color": ("levels_of",),
    "pair": ("check_pair",),
    "windowing": ("window_for",),
}


def test_only_the_steps_put_together_how_a_pair_is_prepared() -> None:
    files = [*ROOT.glob(f"{PACKAGE}/**/*.py"), *ROOT.glob("slicer_module/**/*.py"), *ROOT.glob("bundles/**/*.py")]
    found = set()
    for path in files:
        where = path.relative_to(ROOT / PACKAGE).parts[0] if path.is_relative_to(ROOT / PACKAGE) else path.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGE):
                of = str(node.module).split(".")[1] if "." in str(node.module) else ""
                found |= {
                    (where, name.name) for name in node.names if name.name in PREPARED_BY.get(of, ()) and where != of
                }
    assert {where for where, _ in found} == {"steps"}
    assert {name for _, name in found} == {name for names in PREPARED_BY.values() for name in names}


#: What only ``geometry.py`` may write out.
GEOMETRY = {
    "RAS and LPS": r"diag\(\(?\[?-1|\(-1(\.0)?, -1(\.0)?, 1",
    "directions of an image": r"GetDirection\(\).*\(3, 3\)",
    "voxel size of an affine": r"norm\(\w+\[:3, :3\]",
    "nearest rotation": r"vt = np.linalg.svd",
    "matrix of a transform": r"column_stack\(\[\*columns",
}


@pytest.mark.parametrize("what", GEOMETRY)
def test_where_voxels_lie_has_one_home(what: str) -> None:
    files = [
        *ROOT.glob(f"{PACKAGE}/**/*.py"),
        *ROOT.glob("slicer_module/*/Scripts/*.py"),
        *ROOT.glob("bundles/**/*.py"),
    ]
    found = [path.relative_to(ROOT) for path in files if re.search(GEOMETRY[what], path.read_text(encoding="utf-8"))]
    assert found == [Path(PACKAGE, "geometry.py")]


def test_the_weights_of_luminance_have_one_home() -> None:
    folders = f"{PACKAGE}/**/*.py", f"{PACKAGE}/viewer/web/*.js", "slicer_module/**/*.py", "bundles/**/*.py"
    files = [path for folder in folders for path in ROOT.glob(folder)]
    weights = re.compile(r"\b0?\.(299|587|114)\b|\b1\.(772|402)\b")
    found = [path.relative_to(ROOT) for path in files if weights.search(path.read_text(encoding="utf-8"))]
    assert found == [Path(PACKAGE, "color", "bt601.py")]


@pytest.mark.parametrize("folder", ["Scripts", "PETMRFusionLib"])
def test_the_files_of_the_slicer_module_import_each_other_without_circles(folder: str) -> None:
    files = {path.stem: path for path in (SLICER / folder).glob("*.py")}
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        named = {node.module.split(".")[-1] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        named |= {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
        graph[name] = named & files.keys() - {name, *FOR_HINTS}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()
