"""The preview gives the foreground back."""

from __future__ import annotations

import pytest
import slicer

from PETMRFusionLib import display
from slicer_widget_cases import spin


def test_the_preview_gives_the_foreground_back(loaded):
    p = loaded._parameterNode
    display.show_side_by_side(p.mrVolume, p.petVolume, None)
    composite = slicer.app.layouts.view("FusionColor").GetSliceCompositeNode()
    composite.SetBackgroundVolumeID(p.mrVolume.GetID())
    slicer.app.layouts.view("FusionColor").FitSliceToBackground()
    composite.SetForegroundVolumeID(p.petVolume.GetID())
    composite.SetForegroundOpacity(0.4)
    loaded.ui.previewCheckBox.checked = True
    spin(lambda: composite.GetForegroundVolumeID() not in (None, p.petVolume.GetID()))
    loaded.ui.previewCheckBox.checked = False
    assert composite.GetForegroundVolumeID() == p.petVolume.GetID()
    assert composite.GetForegroundOpacity() == pytest.approx(0.4)
