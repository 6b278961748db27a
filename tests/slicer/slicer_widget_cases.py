"""The widget, driven control by control on PySide6 with stand-ins for Qt in Slicer; the logic and MRML are real."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

import pytest
import slicer

from PETMRFusionLib.logic import PETMRFusionLogic
from slicer_cases import head_nodes

#: Where the pictures of the widget go, to be looked at.
PICTURES = Path(__file__).resolve().parents[2] / ".venv-slicer-pictures"


@pytest.fixture
def widget(scene, application, runtime):
    import PETMRFusion

    made = PETMRFusion.PETMRFusionWidget()
    made.setup()
    made.logic = PETMRFusionLogic(runtime)
    made.enter()
    made.parent.resize(460, 1000)
    made.parent.show()
    yield made
    made.cleanup()
    made.uiWidget.setMRMLScene(None)
    made.parent.close()
    slicer.util.confirmYesNoDisplay = no_question


def no_question(*ignored: object) -> bool:
    raise AssertionError("a dialog that no test expects")


slicer.util.confirmYesNoDisplay = no_question


@pytest.fixture
def loaded(widget):
    """The widget with the head chosen."""
    mr, pet = head_nodes(6.0)
    widget.ui.mrSelector.setCurrentNode(mr)
    widget.ui.petSelector.setCurrentNode(pet)
    widget.ui.engineComboBox.currentIndex = 1  # onnx
    widget.ui.deviceComboBox.currentIndex = 1  # cpu
    return widget


def spin(condition, seconds: float = 60.0) -> None:
    """Let the application run until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        slicer.app.processEvents()
        time.sleep(0.005)


def finish(widget) -> None:
    spin(lambda: widget._running is None)


def picture_of(widget, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    slicer.app.processEvents()
    widget.parent.grab().save(str(PICTURES / f"{name}-{version('slicer-core')}.png"))
