"""Tests of the Slicer module on the real MRML core; they run in environments of their own (``run.py``).

Elsewhere (no ``slicer`` to import) nothing here is collected.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = ["*"] if find_spec("slicer") is None or find_spec("slicer_core") is None else []

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULE = ROOT / "slicer_module" / "PETMRFusion"

if not collect_ignore_glob:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHONPATH"] = str(ROOT)  # the worker finds coconet-med in the checkout
    sys.path[:0] = [str(HERE / "standins"), str(MODULE), str(MODULE / "Scripts"), str(HERE), str(ROOT)]
    import parameter_node
    import qt_bridge
    import slicer_app

    slicer_app.install()
    parameter_node.install()
    qt_bridge.install()

    from slicer_logic_cases import average, logic  # noqa: F401  (fixtures)
    from slicer_widget_cases import loaded, widget  # noqa: F401  (fixtures)


@pytest.fixture
def scene():
    """An empty scene with color tables and a layout node."""
    return slicer_app.fresh_scene()


@pytest.fixture(scope="session")
def application():
    """The Qt application."""
    from PySide6 import QtWidgets

    return QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


@pytest.fixture
def runtime():
    """The real worker in the Python of this environment."""
    from PETMRFusionLib.runtime import PythonRuntime

    return PythonRuntime(sys.executable)
