"""What follows a control at once: the colors of a fusion, and the preview of the slice shown."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import display, record
from slicer_widget_cases import spin


def test_the_slider_colors_anew_without_a_worker(loaded, monkeypatch):
    ui, p = loaded.ui, loaded._parameterNode
    ui.applyButton.click()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    full = arrayFromVolume(p.fusedVolume).copy()
    monkeypatch.setattr(loaded.logic, "runtime", lambda python="": pytest.fail("the network ran again"))
    ui.strengthSlider.value = 0.0
    spin(lambda: p.fusedVolume.GetAttribute(record.STRENGTH) == "0", 5)
    gray = arrayFromVolume(p.fusedVolume)
    assert (gray == gray[..., :1]).all()
    ui.strengthSlider.value = 1.0
    spin(lambda: p.fusedVolume.GetAttribute(record.STRENGTH) == "1", 5)
    assert np.array_equal(arrayFromVolume(p.fusedVolume), full)


def test_the_preview_follows_the_slice_and_the_settings(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    display.show_side_by_side(p.mrVolume, p.petVolume, None)
    view = slicer.app.layouts.view("FusionColor")
    view.GetSliceCompositeNode().SetBackgroundVolumeID(p.mrVolume.GetID())
    view.FitSliceToBackground()
    ui.previewCheckBox.checked = True
    spin(lambda: loaded._previewNode is not None and loaded._previewNode.GetImageData() is not None)
    shown = loaded._previewNode
    assert view.GetSliceCompositeNode().GetForegroundVolumeID() == shown.GetID()
    assert shown.GetHideFromEditors()
    assert not shown.GetSaveWithScene()
    first, worker = loaded._preview.newest, loaded._preview
    view.GetSliceNode().JumpSliceByOffsetting(0, 0, 24)
    spin(lambda: worker.newest not in (None, first))
    assert worker.requests == 2
    colors = arrayFromVolume(shown).copy()
    ui.strengthSlider.value = 0.2
    spin(lambda: not np.array_equal(arrayFromVolume(shown), colors), 5)
    assert worker.requests == 2  # the network did not run again
    ui.colormapComboBox.currentIndex = 1
    spin(lambda: loaded._preview is not None and loaded._preview is not worker and loaded._preview.newest is not None)
    ui.previewCheckBox.checked = False
    spin(lambda: loaded._preview is None, 5)
    assert shown.GetScene() is None
