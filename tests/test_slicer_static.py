"""The Slicer extension as text: names in code, .ui, CMake and index agree, and nothing happens at file scope.

Needs neither Slicer nor its core; runs everywhere.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import struct
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXTENSION = ROOT / "slicer_module"
MODULE = EXTENSION / "PETMRFusion"
UI = ET.parse(MODULE / "Resources" / "UI" / "PETMRFusion.ui").getroot()
SOURCES = sorted(MODULE.rglob("*.py"))
IN_SLICER = [file for file in SOURCES if "Scripts" not in file.parts]

#: What Slicer's own process has; anything else may be imported in functions at most.
AT_FILE_SCOPE = {"slicer", "qt", "ctk", "vtk", "numpy", "PETMRFusionLib", *sys.stdlib_module_names}

#: Never in Slicer's process, not even in a function.
NEVER = {"torch", "monai", "onnxruntime", "openvino", "coconet_med", "SimpleITK", "sitkUtils"}


#: What a control of ours is called.
CONTROL = r"[a-z]\w*(?:Button|Label|SpinBox|CheckBox|ComboBox|Selector|Slider|Edit)"


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 12))


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [(node.module or "").split(".")[0]]
    return []


def widgets() -> dict[str, str]:
    """Class of each widget of the .ui file by name."""
    return {widget.get("name"): widget.get("class") for widget in UI.iter("widget")}


def test_every_control_that_code_names_exists_in_the_ui_file():
    used = set()
    for file in IN_SLICER:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self.ui", "ui"):
                used.add(node.attr)
            if isinstance(node, ast.Constant) and re.fullmatch(CONTROL, str(node.value)):
                used.add(node.value)  # named in a list, for getattr(self.ui, name)
    assert used - set(widgets()) == set()
    assert len(used) > 20


def test_every_button_is_answered():
    text = "".join(file.read_text(encoding="utf-8") for file in IN_SLICER)
    buttons = [name for name, kind in widgets().items() if kind == "QPushButton"]
    assert [name for name in buttons if f"ui.{name}.connect(" not in text] == []


def test_every_control_says_what_it_is_for():
    quiet = {"QLabel", "QProgressBar", "ctkCollapsibleButton", "qMRMLWidget"}
    for widget in UI.iter("widget"):
        if widget.get("class") not in quiet:
            assert widget.find("property[@name='toolTip']/string") is not None, widget.get("name")


def test_every_mrml_widget_gets_the_scene():
    top = UI.find("widget").get("name")
    wired = {
        wire.findtext("receiver")
        for wire in UI.iter("connection")
        if (wire.findtext("sender"), wire.findtext("signal"), wire.findtext("slot"))
        == (top, "mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)")
    }
    assert wired == {name for name, kind in widgets().items() if kind.startswith("qMRML") and name != top}


def test_volume_selectors_offer_no_derived_kinds():
    """Color volumes and label maps are scalar volumes by class."""
    for widget in UI.iter("widget"):
        if widget.get("class") == "qMRMLNodeComboBox":
            assert widget.findtext("property[@name='showChildNodeTypes']/bool") == "false", widget.get("name")


def test_custom_widgets_are_declared():
    declared = {widget.findtext("class") for widget in UI.iter("customwidget")}
    assert {kind for kind in widgets().values() if not re.match("Q[A-Z]", kind)} == declared


def parameters() -> dict[str, str]:
    """Annotation of each field of the parameter node wrapper."""
    for node in tree(MODULE / "PETMRFusionLib" / "parameters.py").body:
        if isinstance(node, ast.ClassDef) and any(
            "parameterNodeWrapper" in ast.unparse(d) for d in node.decorator_list
        ):
            return {
                field.target.id: ast.unparse(field.annotation)
                for field in node.body
                if isinstance(field, ast.AnnAssign)
            }
    raise AssertionError("no parameterNodeWrapper class")


def test_parameter_names_in_the_ui_file_are_fields_of_the_wrapper_once_each():
    names = [p.findtext("string") for p in UI.iter("property") if p.get("name") == "SlicerParameterName"]
    assert set(names) <= set(parameters())
    assert len(names) == len(set(names))
    assert set(parameters()) - set(names) == {"modelSha256", "windowUnits"}  # they follow
    stray = [
        p.get("name") for p in UI.iter("property") if p.get("stdset") == "0" and p.get("name") != "SlicerParameterName"
    ]
    assert stray == []  # Slicer's own template binds its check box so, in vain


def test_widgets_are_bound_to_fields_of_a_kind_that_slicer_can_connect():
    kinds = {
        "QCheckBox": "bool",
        "QLineEdit": "str",
        "QComboBox": r"Annotated\[str, Choice\(",
        "QDoubleSpinBox": r"Annotated\[float, WithinRange\(",
        "ctkSliderWidget": r"Annotated\[float, WithinRange\(",
        "qMRMLNodeComboBox": "vtkMRML.*Node",
    }
    for widget in UI.iter("widget"):
        bound = widget.findtext("property[@name='SlicerParameterName']/string")
        if bound:
            assert re.match(kinds[widget.get("class")], parameters()[bound]), bound
            node_types = [s.text for s in widget.findall("property[@name='nodeTypes']/stringlist/string")]
            assert not node_types or node_types == [parameters()[bound]]


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


def test_every_control_has_an_accessible_name_and_its_label_is_its_buddy():
    controls = {"QPushButton", "QCheckBox", "QComboBox", "QDoubleSpinBox", "QLineEdit", "QProgressBar"}
    controls |= {"ctkSliderWidget", "qMRMLNodeComboBox"}
    named = {w.get("name") for w in UI.iter("widget") if w.findtext("property[@name='accessibleName']/string")}
    assert {name for name, kind in widgets().items() if kind in controls} - named == set()
    buddies = {w.get("name"): w.findtext("property[@name='buddy']/cstring") for w in UI.iter("widget")}
    for row in UI.iter("layout"):
        if row.get("class") != "QFormLayout":
            continue
        for item in row.findall("item[@column='0']"):
            label = item.find("widget[@class='QLabel']")
            if label is None or item.get("colspan") or label.get("name") == "legendTitleLabel":
                continue
            assert buddies[label.get("name")] in widgets(), label.get("name")


def test_the_ui_file_sets_no_colors_and_no_font_sizes():
    """The panel takes those of Slicer, light or dark, large or small."""
    assert not [p for p in UI.iter("property") if p.get("name") in ("styleSheet", "palette", "font")]


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


CMAKE = (EXTENSION / "CMakeLists.txt").read_text()
MODULE_CMAKE = (MODULE / "CMakeLists.txt").read_text()


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
        f'set(Slicer_EXTENSION_CPACK "{package}/none.cmake")\nset(BUILD_TESTING ON)\n'
    )
    (package / "none.cmake").write_text("")
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
        '  message(STATUS "test ${T_SCRIPT}")\nendfunction()\n'
    )
    (tmp_path / "extension").mkdir()
    copy = shutil.copytree(EXTENSION, tmp_path / "extension" / "PETMRFusion")
    lists = (copy / "CMakeLists.txt").read_text().replace("project(PETMRFusion)", "project(PETMRFusion NONE)")
    (copy / "CMakeLists.txt").write_text(lists)
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
    lines = (MODULE / "Resources" / "requirements.txt").read_text().splitlines()
    listed_here = {line for line in lines if line and not line.startswith("#")}
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert listed_here == {line for line in stated if not line.lower().startswith("simpleitk")}
    assert not any("==" in line for line in listed_here)


def test_the_panel_says_of_color_blindness_what_the_package_says():
    from coconet_med.color.colormaps import COLORMAPS

    tip = UI.find(".//widget[@name='colormapComboBox']/property[@name='toolTip']/string").text
    assert "color blindness" in COLORMAPS["uptake"].cost
    assert COLORMAPS["uptake"].cost.endswith("use ember.")
    assert "With red-green color blindness choose 'ember'" in tip


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
