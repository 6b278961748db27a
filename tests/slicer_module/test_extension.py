"""The Slicer extension as it is built and published: CMake, index entry, samples and readme agree with its files.

Needs neither Slicer nor its core; runs everywhere.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import struct
import subprocess
import tomllib

import pytest
from slicer_sources import EXTENSION, MODULE, ROOT, tree

CMAKE = (EXTENSION / "CMakeLists.txt").read_text(encoding="utf-8")
MODULE_CMAKE = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")


def listed() -> set[str]:
    text = MODULE_CMAKE.replace("${MODULE_NAME}", "PETMRFusion")
    lists = re.findall(r"set\(MODULE_PYTHON_(?:SCRIPTS|RESOURCES)(.*?)\)", text, re.DOTALL)
    return {name for part in lists for name in part.split()}


def test_cmake_lists_every_file_and_no_other():
    """A file that is not listed is missing after installation."""
    there = {
        path.relative_to(MODULE).as_posix()
        for path in MODULE.rglob("*")
        if path.is_file()
        and path.name != "CMakeLists.txt"
        and not {"Testing", "__pycache__", ".ruff_cache"} & set(path.parts)
    }
    assert listed() == there


def test_cmake_runs_with_a_stand_in_for_slicer(tmp_path):
    """The real CMake reads our files; the stand-in writes down what Slicer's macros are given."""
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    package = tmp_path / "package"
    package.mkdir()
    (package / "SlicerConfig.cmake").write_text(
        f'set(Slicer_USE_FILE "{package}/use.cmake")\n'
        f'set(Slicer_EXTENSION_GENERATE_CONFIG "{package}/none.cmake")\n'
        f'set(Slicer_EXTENSION_CPACK "{package}/none.cmake")\nset(BUILD_TESTING ON)\n',
        encoding="utf-8",
    )
    (package / "none.cmake").write_text("", encoding="utf-8")
    (package / "use.cmake").write_text(
        "macro(slicerMacroBuildScriptedModule)\n"
        '  cmake_parse_arguments(M "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})\n'
        "  foreach(f ${M_SCRIPTS} ${M_RESOURCES})\n"
        "    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${f})\n"
        '      message(FATAL_ERROR "missing ${f}")\n    endif()\n  endforeach()\n'
        '  message(STATUS "module ${M_NAME}")\nendmacro()\n'
        "function(slicer_add_python_unittest)\n"
        '  cmake_parse_arguments(T "" "SCRIPT" "" ${ARGN})\n'
        "  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${T_SCRIPT})\n"
        '    message(FATAL_ERROR "missing ${T_SCRIPT}")\n  endif()\n'
        '  message(STATUS "test ${T_SCRIPT}")\nendfunction()\n',
        encoding="utf-8",
    )
    (tmp_path / "extension").mkdir()
    copy = shutil.copytree(EXTENSION, tmp_path / "extension" / "PETMRFusion")
    lists = (
        (copy / "CMakeLists.txt")
        .read_text(encoding="utf-8")
        .replace("project(PETMRFusion)", "project(PETMRFusion NONE)")
    )
    (copy / "CMakeLists.txt").write_text(lists, encoding="utf-8")
    command = ["cmake", "-S", str(copy), "-B", str(tmp_path / "build"), f"-DSlicer_DIR={package}"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    for line in ("module PETMRFusion", "test PETMRFusion.py", "test PETMRFusionIsolationTest.py"):
        assert line in done.stdout


def metadata(name: str) -> str:
    return re.search(rf'set\(EXTENSION_{name} "(.*?)"\)', CMAKE).group(1)


def test_the_extension_says_what_it_is():
    assert re.search(r"project\((\w+)\)", CMAKE).group(1) == "PETMRFusion"
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert metadata(name)
    assert "Research use" in metadata("DESCRIPTION")
    for kind in ("MRI", "CT", "PET", "SPECT"):
        assert re.search(rf"\b{kind}\b", metadata("DESCRIPTION")), kind
    assert metadata("DESCRIPTION").isascii()
    assert len(metadata("SCREENSHOTURLS").split()) >= 3
    assert metadata("ICONURL").endswith("/PETMRFusion.png")
    for url in metadata("SCREENSHOTURLS").split():
        assert (EXTENSION / "Screenshots" / url.rsplit("/", 1)[1]).is_file()
    for call in ("find_package(Slicer REQUIRED)", "include(${Slicer_USE_FILE})", "include(${Slicer_EXTENSION_CPACK})"):
        assert call in CMAKE


def test_the_index_entry_keeps_the_rules_of_the_extensions_index():
    text = (EXTENSION / "PETMRFusion.json").read_bytes()
    entry = json.loads(text)
    known = {
        *("$schema", "category", "scm_url", "scm_revision", "build_dependencies", "build_subdirectory"),
        *("tier", "dicom_support_rule", "enabled"),
    }
    assert set(entry) <= known
    assert {"$schema", "category", "scm_url"} <= set(entry)
    assert "entry-schema-v1.0.2.json#" in entry["$schema"]
    assert entry["category"] in ("Nuclear Medicine", "Neuroimaging")
    assert b"\r" not in text
    name = entry["scm_url"].rsplit("/", 1)[1].removesuffix(".git")
    assert name.startswith("Slicer")
    assert not "PETMRFusion".startswith("Slicer")
    assert entry["scm_url"].startswith("https://")
    assert entry["tier"] in (1, 3, 5)
    assert ([] if metadata("DEPENDS") == "NA" else metadata("DEPENDS").split()) == entry["build_dependencies"]


def test_help_links_the_documentation_that_the_extension_names():
    text = (MODULE / "PETMRFusion.py").read_text(encoding="utf-8")
    homepage = re.search(r'HOMEPAGE = "(.*?)"', text)[1]
    assert metadata("HOMEPAGE") == homepage
    assert "format(link=HOMEPAGE)" in text


def test_samples_have_readable_names_and_thumbnails():
    namespace: dict[str, object] = {}
    for node in tree(MODULE / "PETMRFusionLib" / "sample.py").body:
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            try:
                namespace[target.id] = ast.literal_eval(node.value)
            except ValueError:
                continue  # a type
    assert len(namespace["SAMPLES"]) == len(set(namespace["THUMBNAILS"])) == 2
    for (name, files), thumbnail in zip(namespace["SAMPLES"].items(), namespace["THUMBNAILS"], strict=True):
        assert " " in name
        picture = (MODULE / "Resources" / "Icons" / thumbnail).read_bytes()
        assert struct.unpack(">II", picture[16:24]) == (128, 128)
        for file in files:
            assert (MODULE / "Resources" / "SampleData" / file).read_bytes().startswith(b"NRRD")


def test_nothing_is_said_to_be_on_an_index_that_is_not():
    """coconet-med is not published: the installer, the tutorial and the words of the panel start from its wheel."""
    source = (MODULE / "PETMRFusionLib" / "install.py").read_text(encoding="utf-8")
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    assert "ON_INDEX = False" in source
    assert "pypi.org/project/coconet-med" not in readme
    assert "pip download coconet-med" not in source + readme
    assert "pip wheel --no-deps -w wheels ." in readme
    least = re.search(r'LEAST_VERSION = "(.*?)"', source)[1]
    from coconet_med import __version__

    parts = [[int(part) for part in re.findall(r"\d+", text)[:3]] for text in (least, __version__)]
    assert parts[0] <= parts[1]


def test_the_extension_is_small_and_complete():
    files = [path for path in EXTENSION.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    for name in ("LICENSE", "README.md", "PETMRFusion.png", "PETMRFusion.json", "CMakeLists.txt"):
        assert (EXTENSION / name).is_file(), name
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    for icon in (EXTENSION / "PETMRFusion.png", MODULE / "Resources" / "Icons" / "PETMRFusion.png"):
        assert struct.unpack(">II", icon.read_bytes()[16:24]) == (128, 128)
    for path in files:
        if path.suffix in (".py", ".md", ".txt", ".json", ".ui", ".toml"):
            assert b"\r" not in path.read_bytes(), path


def test_the_readme_has_what_reviewers_ask_for():
    text = (EXTENSION / "README.md").read_text(encoding="utf-8")
    headings = ("## Tutorial", "## What was tested", "## Checklist", "## Citation", "## License and patents")
    for heading in (*headings, "## Installation, proxy, no internet", "## Large volumes"):
        assert heading in text
    assert "No image leaves the computer" in text
    assert "Additional module paths" in text.split("## Tutorial")[1]  # until the Extensions Manager has it
    assert text.count("](Screenshots/") >= 4
    assert "not yet in the desktop application" in text
    assert "Research use, not for diagnosis" in text
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        assert (EXTENSION / link).exists(), link


def test_requirements_are_those_of_the_package_without_simpleitk():
    lines = (MODULE / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed_here = {line for line in lines if line and not line.startswith("#")}
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert listed_here == {line for line in stated if not line.lower().startswith("simpleitk")}
    assert not any("==" in line for line in listed_here)
