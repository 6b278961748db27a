"""Files for those who find, cite, build and watch the repository say what is so."""

from __future__ import annotations

import ast
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_citation_names_the_paper_and_the_license() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["license"] == PROJECT["license"]
    assert cited["repository-code"] == PROJECT["urls"]["Source"]
    assert cited["preferred-citation"]["title"] in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_the_version_stands_in_one_place() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert "version:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8").replace("cff-version:", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_the_scripts_and_extras_that_there_are(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    lines = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert lines
    for line in lines:
        for script in re.findall(r"bash (\S+)", line):
            assert (ROOT / script).is_file()
        for extras in re.findall(r"\.\[([\w,]+)\]", line):
            assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_light_install_is_tried_on_every_python_that_is_promised() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    tried = set(jobs["light"]["strategy"]["matrix"]["python"])
    assert tried == {text.split()[-1] for text in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", text)}


@pytest.mark.parametrize("name", ["Dockerfile", "coconet-med.def"])
def test_what_a_container_copies_is_there_and_it_is_a_bids_app(name: str) -> None:
    text = (ROOT / "containers" / name).read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) + re.findall(
        r"^    (\S+) /source", text, re.MULTILINE
    )
    files = [file for line in copied for file in line.split()]
    assert {"pyproject.toml", "coconet_med"} <= set(files)
    assert all((ROOT / file).exists() for file in files)
    assert re.search(r'ENTRYPOINT \["coconet-med"\]|exec coconet-med "\$@"', text)


def test_hooks_and_templates_can_be_read() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    script = (ROOT / "tests" / "run.sh").read_text(encoding="utf-8")
    named = {hook["id"]: hook["entry"].split(".venv-tests/bin/python ")[1] for hook in hooks}
    assert {"ruff", "ruff-format", "mypy", "docs"} <= set(named)
    for name in ("ruff", "ruff-format", "mypy", "docs"):  # what tests/run.sh asks, but that ruff mends at once
        assert f'"$python" {named[name].removesuffix(" --fix").split(" format")[0]}' in script
    for entry in named.values():
        for file in re.findall(r"tests/\S+\.py", entry):
            assert (ROOT / file).is_file()
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))


# --- tests that mirror the modules ------------------------------------------------------------------------------------

#: Commands whose tests need what stands beside the tests of the package that they call: ``test_command.py`` there.
COMMANDS = {
    "batch": "batch",
    "evaluate": "quality",
    "import_weights": "training",
    "measure": "measure",
    "pacs": "pacs",
    "view": "viewer",
}

#: Modules without a test file of their name, and what tests them instead.
TESTED_BY_OTHERS = {
    "benchmarks/*.py": "print figures of documents; those that hold rules of their own have a test",
    "bundles/deploy/*.py": "one application: tests/bundle/test_deploy.py",
    "bundles/tools/publish.py": "tests/bundle/test_form.py looks at what it publishes",
    "bundles/tools/take_weights.py": "tests/bundle/test_form.py",
    "bundles/tools/unit_tests/*.py": "are tests",
    "coconet_med/commands/demo.py": "one call of run_demo, typed as a command by tests/commands/test_run_demo.py",
    "coconet_med/steps/*.py": "parts of one recipe: tests/steps/test_prepare.py and tests/test_fusion.py",
    "coconet_med/training/session.py": "what the command does: tests/training/test_main.py",
    "coconet_med/transforms/reading.py": "part of one pipeline: tests/transforms/test_dictionary.py",
    "coconet_med/viewer/web/niivue/take.py": "fetches NiiVue anew, by hand",
    "slicer_module/PETMRFusion/PETMRFusion.py": "the widget: tests/slicer/test_widget.py",
    "slicer_module/PETMRFusion/PETMRFusionLib/*.py": "tested by topic on the MRML core: tests/slicer",
    "slicer_module/PETMRFusion/Scripts/worker_*.py": "one process: tests/slicer/test_fuse_worker.py and test_logic*.py",
    "slicer_module/PETMRFusion/Testing/Python/*.py": "is a test",
    "slicer_module/self_test.py": "runs in the desktop application; tests/slicer/test_checklist.py",
}


def _has_code(path: Path) -> bool:
    """Whether a module has a function with a body, and so more than names, types and declarations."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            idle = (ast.Pass, ast.Expr)
            said = [part for part in node.body if not isinstance(part, idle) or _calls(part)]
            if said:
                return True
    return False


def _calls(part: ast.stmt) -> bool:
    return isinstance(part, ast.Expr) and not isinstance(part.value, ast.Constant)


def _mirrors(module: str) -> list[str]:
    """Where the tests of a module belong: patterns of their paths; ``__init__`` is tested under its package's name."""
    path = Path(module)
    name = (path.parent.name if path.stem == "__init__" else path.stem).strip("_")
    if path.parts[0] == "coconet_med":
        folders = ["/".join(("tests", *path.parts[1:-1]))]
        if path.parts[1] == "commands" and name in COMMANDS:
            return [f"tests/{COMMANDS[name]}/test_command.py"]
    else:
        folders = {
            "benchmarks": ["tests/benchmarks"],
            "bundles": ["tests/bundle"],
            "slicer_module": ["tests/slicer", "tests/slicer_module"],
        }[path.parts[0]]
    return [f"{folder}/test_{name}{rest}.py" for folder in folders for rest in ("", "_*")]


def _modules() -> list[str]:
    found = [
        path
        for name in ("coconet_med", "benchmarks", "bundles", "slicer_module")
        for path in (ROOT / name).rglob("*.py")
    ]
    return sorted(path.relative_to(ROOT).as_posix() for path in found if _has_code(path))


def _excused(module: str) -> str | None:
    return next((pattern for pattern in TESTED_BY_OTHERS if fnmatch(module, pattern)), None)


def test_every_module_has_a_test_file_of_its_name_or_a_reason() -> None:
    missing = {
        module: _mirrors(module)
        for module in _modules()
        if not any(list(ROOT.glob(pattern)) for pattern in _mirrors(module)) and not _excused(module)
    }
    assert not missing, "add a test file of one of these names, or a reason to TESTED_BY_OTHERS"


def test_no_reason_is_left_over_and_test_files_that_it_names_are_there() -> None:
    without = [m for m in _modules() if not any(list(ROOT.glob(pattern)) for pattern in _mirrors(m))]
    assert set(TESTED_BY_OTHERS) == {pattern for module in without if (pattern := _excused(module))}
    for reason in TESTED_BY_OTHERS.values():
        for path in re.findall(r"tests/[\w/]+\.py", reason):
            assert (ROOT / path).is_file(), path


def test_no_test_file_says_its_folder_twice_or_grows_far_beyond_300_lines() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.name
        twice = (
            path.stem.startswith(f"test_{folder}_")
            and not (ROOT / f"coconet_med/{folder}/{path.stem[5:]}.py").is_file()
        )
        assert not twice, path
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 330, path


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_tests_that_documents_name_are_there(path: Path) -> None:
    for file, name in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", path.read_text(encoding="utf-8")):
        assert (ROOT / file).is_file(), file
        if name:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
