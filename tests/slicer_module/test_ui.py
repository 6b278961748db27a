"""The .ui file of the Slicer extension as text: its names are those of the code, its controls say what they do.

Needs neither Slicer nor its core; runs everywhere.
"""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ET

from slicer_sources import IN_SLICER, MODULE, tree

UI = ET.parse(MODULE / "Resources" / "UI" / "PETMRFusion.ui").getroot()

#: What a control of ours is called.
CONTROL = r"[a-z]\w*(?:Button|Label|SpinBox|CheckBox|ComboBox|Selector|Slider|Edit)"


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


def test_the_panel_says_of_color_blindness_what_the_package_says():
    from coconet_med.color.colormaps import COLORMAPS

    tip = UI.find(".//widget[@name='colormapComboBox']/property[@name='toolTip']/string").text
    assert "color blindness" in COLORMAPS["uptake"].cost
    assert COLORMAPS["uptake"].cost.endswith("use ember.")
    assert "With red-green color blindness choose 'ember'" in tip
