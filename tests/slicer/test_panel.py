"""The panel is narrow enough, shows Apply, bar and status without scrolling, and can be read in light and in dark."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6 import QtGui, QtWidgets

from PETMRFusionLib.widget_alignment import WARNING_STYLE
from PETMRFusionLib.widget_reasons import LABELS
from slicer_widget_cases import finish, spin
from states import dark_palette, settle


@pytest.fixture
def font(application):
    """Sets the size of the font, in percent, for a test."""
    usual = application.font()

    def scale(percent: int) -> None:
        font = QtGui.QFont(usual)
        font.setPointSizeF(usual.pointSizeF() * percent / 100)
        application.setFont(font)

    yield scale
    application.setFont(usual)


@pytest.mark.parametrize(("percent", "most"), [(100, 400), (125, 480)])
def test_the_panel_is_no_wider_than_the_module_panel_of_slicer(font, percent, most, request):
    font(percent)
    panel = request.getfixturevalue("loaded")
    for name in ("advancedCollapsibleButton",):
        getattr(panel.ui, name).collapsed = False
    settle()
    assert panel.parent.minimumSizeHint().width() < most


def test_apply_bar_and_status_are_in_sight_without_scrolling(loaded):
    panel = loaded
    panel.parent.resize(400, 600)
    panel.ui.applyButton.click()
    spin(lambda: panel.ui.statusLabel.text.startswith("Fusing") or panel._running is None)
    for name in ("applyButton", "progressBar", "statusLabel"):
        control = getattr(panel.ui, name)
        below = control.mapTo(panel.parent, control.rect.bottomLeft()).y()
        assert below < 600, name
    finish(panel)


def test_wrapped_labels_are_not_cut(loaded):
    ui = loaded.ui
    loaded.parent.resize(380, 500)
    loaded.onParametersChanged()
    settle()
    for name in (*LABELS, "alignmentLabel", "legendTextLabel"):
        label = getattr(ui, name)
        if label.visible:
            assert label.height >= label.heightForWidth(label.width), name


def luminance(color: QtGui.QColor) -> float:
    """Relative luminance as WCAG 2.2 has it."""
    parts = np.array([color.redF(), color.greenF(), color.blueF()])
    parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(parts @ (0.2126, 0.7152, 0.0722))


def contrast(first: QtGui.QColor, second: QtGui.QColor) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_is_written_has_enough_contrast(loaded, application, dark):
    """Measured in the picture: the darkest and the lightest pixel of each label; a problem too."""
    usual = application.palette()
    application.setPalette(dark_palette() if dark else application.style().standardPalette())
    try:
        loaded._problems = ["a problem"]
        loaded.showAlignment("WARNING: a problem")
        loaded.ui.noticeLabel.text = "A notice"
        loaded.fitLabels()
        settle()
        for label in loaded.parent.findChildren(QtWidgets.QLabel):
            picture = label.grab().toImage()
            if not label.isVisible() or not QtWidgets.QLabel.text(label) or picture.isNull():
                continue
            colors = {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}
            ordered = sorted(map(QtGui.QColor, colors), key=luminance)
            assert contrast(ordered[0], ordered[-1]) >= 4.5, label.objectName()
    finally:
        application.setPalette(usual)
    text, ground = (
        QtGui.QColor(f"#{WARNING_STYLE.split(part)[1][:6]}") for part in ("color: #", "background-color: #")
    )
    assert contrast(text, ground) >= 4.5


def test_every_control_can_be_named_by_a_screen_reader(loaded):
    kinds = QtWidgets.QAbstractButton, QtWidgets.QComboBox, QtWidgets.QDoubleSpinBox, QtWidgets.QLineEdit
    named = [control for control in vars(loaded.ui).values() if isinstance(control, kinds)]
    assert len(named) > 25
    for control in named:
        assert QtWidgets.QWidget.accessibleName(control), control.name
