"""The panel in twelve states, to be looked at: light and dark, at 100 and 125 % font.

    python tests/slicer/run.py 5.12.4.0 --co -q     # makes the environment
    .venv-slicer-5.12.4.0-py311/bin/python tests/slicer/states.py FOLDER

Drawn by PySide6 and our stand-ins, with the real logic and worker.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PySide6 import QtGui, QtWidgets

import conftest  # noqa: F401  (puts the stand-ins in place)
import slicer_app

#: Width of the module panel of Slicer as users have it, and its height on a laptop, pixels.
WIDTH, HEIGHT = 400, 700


def main(folder: str) -> None:
    """Write a picture of each state in each look."""
    application = QtWidgets.QApplication([])
    application.setStyle("Fusion")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    usual = application.font().pointSizeF()
    for look, scale, dark in (("light", 1.0, False), ("dark", 1.0, True), ("large", 1.25, False)):
        font = application.font()
        font.setPointSizeF(usual * scale)
        application.setFont(font)
        application.setPalette(dark_palette() if dark else application.style().standardPalette())
        for name, widget in states():
            widget.parent.resize(WIDTH, HEIGHT)
            settle()
            widget.parent.grab().save(str(target / f"{look}-{name}.png"))


def dark_palette() -> QtGui.QPalette:
    """Colors as Slicer's dark style has them."""
    palette, roles = QtGui.QPalette(), QtGui.QPalette
    for role, color in {
        roles.Window: "#323232",
        roles.Base: "#2a2a2a",
        roles.AlternateBase: "#3a3a3a",
        roles.Button: "#3c3c3c",
        roles.WindowText: "#f0f0f0",
        roles.Text: "#f0f0f0",
        roles.ButtonText: "#f0f0f0",
        roles.ToolTipBase: "#2a2a2a",
        roles.ToolTipText: "#f0f0f0",
        roles.Highlight: "#4a78a8",
        roles.HighlightedText: "#ffffff",
        roles.PlaceholderText: "#a8a8a8",
    }.items():
        palette.setColor(role, QtGui.QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QtGui.QPalette.Disabled, role, QtGui.QColor("#a0a0a0"))
    return palette


def settle(condition: Callable[[], bool] = lambda: True, seconds: float = 120.0) -> None:
    """Let the application run until something holds, and a little longer."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        slicer.app.processEvents()
        time.sleep(0.005)
    for _ in range(20):
        slicer.app.processEvents()


def panel() -> Any:
    """A new panel over an empty scene."""
    slicer_app.fresh_scene()
    import PETMRFusion
    from PETMRFusionLib.logic import PETMRFusionLogic
    from PETMRFusionLib.runtime import PythonRuntime

    widget = PETMRFusion.PETMRFusionWidget()
    widget.setup()
    widget.logic = PETMRFusionLogic(PythonRuntime(sys.executable))
    widget.enter()
    widget.parent.resize(WIDTH, HEIGHT)
    widget.parent.show()
    return widget


def close(widget: Any) -> None:
    """Let go of a panel."""
    widget.cleanup()
    widget.uiWidget.setMRMLScene(None)
    widget.parent.close()


def states() -> Iterator[tuple[str, Any]]:
    """Name and panel of each state; a panel is valid until the next is asked for."""
    from slicer_cases import head_nodes, volume

    widget = panel()
    ui = widget.ui
    yield "01-empty", widget
    mr, pet = head_nodes(4.0)
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(mr)
    yield "02-one-volume-twice", widget
    ui.petSelector.setCurrentNode(pet)
    yield "03-ready", widget
    ui.applyButton.click()
    settle(lambda: ui.statusLabel.text.startswith("Fusing"))
    yield "04-running", widget
    settle(lambda: widget._running is None and widget._parameterNode.fusedVolume is not None)
    yield "05-fused", widget
    widget._parameterNode.colormap = "ember"
    yield "06-apply-again", widget
    widget._parameterNode.colormap = "uptake"
    ui.lightnessSlider.value = 0.4
    ui.thresholdSpinBox.value = 8000.0
    settle(lambda: widget._coloring is None)
    yield "07-lightness-and-threshold", widget
    ui.inputsCollapsibleButton.collapsed = True
    ui.fusionCollapsibleButton.collapsed = True
    ui.alignmentCollapsibleButton.collapsed = True
    ui.advancedCollapsibleButton.collapsed = False
    yield "08-outputs-and-advanced", widget
    close(widget)
    widget = panel()
    ui = widget.ui
    mr, pet = head_nodes(4.0, misalign=((0.0, 0.0, 8.0), (22.0, -12.0, 6.0)))
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    ui.checkButton.click()
    settle(lambda: widget._running is None)
    yield "09-alignment-warning", widget
    ui.registerButton.click()
    settle(lambda: widget._running is None)
    yield "10-registered", widget
    close(widget)
    widget = panel()
    ui = widget.ui
    mr, pet = head_nodes(4.0)
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    for number in range(2):
        frames.SetDataNodeAtValue(pet, str(number))
    ui.sequenceSelector.setCurrentNode(frames)
    widget._checked = widget.alignmentKey(dynamic=True)
    ui.sequenceButton.click()
    settle(lambda: widget._running is None and widget._parameterNode.fusedVolume is not None)
    yield "11-dynamic", widget
    close(widget)
    widget = panel()
    ui = widget.ui
    long = "T1 weighted volume with a very long name as scanners of some makers write it, resampled 1 mm isotropic"
    mr = volume(long, np.ones((4, 4, 4), np.float32), np.eye(4))
    pet = volume(f"{long} PET", np.ones((4, 4, 4), np.float32), np.eye(4))
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    ui.checkButton.click()
    settle(lambda: widget._running is None)
    yield "12-failed-with-long-names", widget
    close(widget)


if __name__ == "__main__":
    main(sys.argv[1])
