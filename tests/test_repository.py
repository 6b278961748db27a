"""Files for those who find, cite, build and watch the repository say what is so."""

from __future__ import annotations

import re
import tomllib
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
    assert {"ruff", "mypy", "layers"} <= {hook["id"] for hook in hooks}
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))
