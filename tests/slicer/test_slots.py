"""A slot that raises is reported, and leaves the panel usable."""

from __future__ import annotations

import slicer

from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from slicer_widget_cases import finish


def test_a_slot_that_raises_is_reported_and_leaves_the_panel_usable(loaded, monkeypatch, caplog):
    """PythonQt prints what a slot raises and goes on: no control may be left as in the middle of a job."""
    loaded.logic = PETMRFusionLogic(AverageRuntime())
    loaded._checked = loaded.alignmentKey()

    def broken(nodes, looked_at):
        raise RuntimeError("no such view")

    monkeypatch.setattr(loaded, "onFused", broken)
    loaded.ui.applyButton.click()
    finish(loaded)
    slicer.app.processEvents()
    assert loaded.ui.statusLabel.text == "no such view"
    assert loaded.ui.applyButton.text == "Apply"
    assert loaded.ui.applyButton.enabled
    assert not loaded._jobTimer.isActive()
    assert not loaded.ui.progressBar.visible
    assert "no such view" in caplog.text
    monkeypatch.setattr(loaded.logic, "save", lambda *ignored: 1 / 0)
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *ignored: "x.nrrd")
    loaded.onSave()
    assert loaded.ui.statusLabel.text == "division by zero"
