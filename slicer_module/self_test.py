"""Runs the self-test of PET-MR Fusion in the desktop application, and writes a report to send.

In Slicer's Python console:

    exec(open("/path/to/self_test.py", encoding="utf-8").read())

or from a terminal:  Slicer --python-script /path/to/self_test.py

Nothing is downloaded or installed, no image is written, and the scene must be empty before.
"""

import platform
import sys
import time
import traceback
import unittest
from pathlib import Path

import slicer

#: What only the desktop application can prove (tests/slicer/desktop_names.py).
NAMES = [
    "DICOMLib.DICOMUtils",
    "SampleData.SampleDataLogic",
    "ctk.ctkCollapsibleButton",
    "ctk.ctkSliderWidget",
    "qt.QByteArray",
    "qt.QCheckBox",
    "qt.QComboBox",
    "qt.QDesktopServices.openUrl",
    "qt.QDoubleSpinBox",
    "qt.QFileDialog.getExistingDirectory",
    "qt.QFileDialog.getOpenFileName",
    "qt.QFileDialog.getSaveFileName",
    "qt.QLabel",
    "qt.QLineEdit",
    "qt.QPixmap",
    "qt.QProgressBar",
    "qt.QPushButton",
    "qt.QTimer",
    "qt.QUrl.fromLocalFile",
    "slicer.ScriptedLoadableModule.ScriptedLoadableModule",
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic",
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleTest",
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleWidget",
    "slicer.app",
    "slicer.app.applicationLogic",
    "slicer.app.connect",
    "slicer.app.processEvents",
    "slicer.app.slicerHome",
    "slicer.app.testingEnabled",
    "slicer.app.userSettings",
    "slicer.dicomDatabase",
    "slicer.i18n.tr",
    "slicer.i18n.translate",
    "slicer.modules",
    "slicer.modules.colors",
    "slicer.modules.sequences",
    "slicer.packaging",
    "slicer.parameterNodeWrapper.Choice",
    "slicer.parameterNodeWrapper.WithinRange",
    "slicer.parameterNodeWrapper.parameterNodeWrapper",
    "slicer.qMRMLNodeComboBox",
    "slicer.qMRMLWidget",
    "slicer.util.confirmOkCancelDisplay",
    "slicer.util.confirmYesNoDisplay",
    "slicer.util.errorDisplay",
    "slicer.util.loadUI",
    "slicer.util.pip_install",
    "slicer.util.restart",
    "slicer.util.startupEnvironment",
]

REPORT = Path.home() / "petmrfusion-report.txt"


def resolved(name):
    """A dotted name, imported or looked up; what is missing raises."""
    import importlib

    root, *rest = name.split(".")
    thing = slicer if root == "slicer" else importlib.import_module(root)
    path = root
    for part in rest:
        path += f".{part}"
        if not hasattr(thing, part):
            importlib.import_module(path)
        thing = getattr(thing, part)
    return thing


def about():
    """Versions of Slicer and of the computer."""
    application = slicer.app
    version = getattr(application, "applicationVersion", "unknown")
    revision = getattr(application, "revision", "unknown")
    yield f"Slicer {version}, revision {revision}"
    yield f"Python {platform.python_version()}, {platform.system()} {platform.release()}, {platform.machine()}"
    for package in ("numpy", "pydicom", "SimpleITK", "coconet-med", "onnxruntime"):
        from importlib import metadata

        try:
            yield f"{package} {metadata.version(package)}"
        except metadata.PackageNotFoundError:
            yield f"{package} not installed"


def names():
    """Which names of the checklist are there."""
    for name in NAMES:
        try:
            resolved(name)
        except Exception as error:
            yield f"MISSING {name}: {type(error).__name__} {error}"
        else:
            yield f"there   {name}"


def self_test():
    """The tests of the module, each with its time."""
    from PETMRFusionLib.selftest import PETMRFusionTest

    for name in unittest.TestLoader().getTestCaseNames(PETMRFusionTest):
        start = time.monotonic()
        try:
            test = PETMRFusionTest(name)
            test.setUp()
            getattr(test, name)()
        except Exception:
            yield f"FAILED  {name}\n{traceback.format_exc()}"
        else:
            yield f"passed  {name} ({time.monotonic() - start:.1f} s)"


def panel():
    """The panel itself: made, filled with a tiny pair, fused, shown."""
    from PETMRFusionLib import display, record
    from PETMRFusionLib.logic import PETMRFusionLogic
    from PETMRFusionLib.sample import tiny_pair
    from PETMRFusionLib.selftest import AverageRuntime

    slicer.mrmlScene.Clear(0)
    mr, pet = tiny_pair()
    fused = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet).fused
    uptake = fused.GetNodeReference(record.UPTAKE)
    changed = display.show_side_by_side(mr, uptake, fused)
    yield f"views made: {len(changed)} of {len(display.VIEWS)}"
    for _number in range(20):
        slicer.app.processEvents()
    for logic in changed:
        width, height, _depth = logic.GetSliceNode().GetDimensions()
        yield f"view {logic.GetSliceNode().GetLayoutName()}: {width} x {height} pixels"
    display.color_pet(uptake, "PET-DICOM", (0.0, 8.0))
    yield f"colors of the PET: {uptake.GetDisplayNode().GetColorNodeID()}"
    slicer.mrmlScene.Clear(0)


def main():
    """Write the report, and say where it is."""
    if slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode"):
        print("PET-MR Fusion: save and close the scene first; the self-test empties it")
        return
    lines = ["Self-test of PET-MR Fusion", time.strftime("%Y-%m-%d")]
    for part in (about, names, self_test, panel):
        lines += ["", part.__doc__]
        try:
            for line in part():
                lines.append(line)
        except Exception:
            lines.append(f"FAILED  {part.__name__}\n{traceback.format_exc()}")
    bad = sum(line.startswith(("FAILED", "MISSING")) for line in lines)
    lines += ["", "all is well" if not bad else f"{bad} lines say FAILED or MISSING"]
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"PET-MR Fusion: {lines[-1]}; the report is {REPORT}", file=sys.stderr if bad else sys.stdout)


main()
