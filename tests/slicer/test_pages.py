"""A page for the browser and a list of foci, made by the core of the sources of a fusion."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib.jobs import FusionError
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import head_nodes, moved, parent, points_of, turned
from slicer_widget_cases import finish, spin

SETTINGS = FusionSettings(engine="onnx", device="cpu")


def test_a_hot_focus_is_listed_at_its_place_in_the_world(scene, runtime):
    mr, pet = head_nodes(4.0)
    to_world = turned((0, 0, 1), 20, (3, 4, 5))
    place = np.array([20.0, -12.0, 30.0])  # in the frame of the MRI
    voxel = np.rint(np.linalg.inv(points_of(pet)) @ [*place, 1])[:3].astype(int)
    values = arrayFromVolume(pet)
    i, j, k = voxel
    values[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2] = 1.5 * values.max()
    parent(to_world, mr, pet)
    logic = PETMRFusionLogic(runtime)
    fused = logic.fuse(mr, pet, settings=SETTINGS).fused
    table = logic.startFoci(fused).wait()
    titles = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    assert titles[:5] == ["Source", "R (mm)", "A (mm)", "S (mm)", "Diameter (mm)"]
    rows = [[table.GetCellText(row, column) for column in range(5)] for row in range(table.GetNumberOfRows())]
    wanted = moved(to_world, place)
    near = [row for row in rows if row[0] == "PET, hot" and np.linalg.norm(np.array(row[1:4], float) - wanted) < 8]
    assert near, rows[:5]


def test_the_page_holds_the_study_and_opens_without_a_network(loaded, tmp_path, monkeypatch):
    import qt

    ui, p = loaded.ui, loaded._parameterNode
    p.lightness = 0.5
    ui.applyButton.click()
    spin(lambda: loaded._running is None and p.fusedVolume is not None)
    target, opened = tmp_path / "fusion.html", []
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *ignored: str(target))
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    ui.viewerButton.click()
    finish(loaded)
    assert opened == [str(target)]
    page = target.read_text(encoding="utf-8")
    study = json.loads(re.search(r'<script type="application/json" id="study">(.*?)</script>', page, re.DOTALL)[1])
    assert study["name"] == p.fusedVolume.GetName()
    assert "head PET" in json.dumps(study)
    assert "foci" in study
    assert not re.search(r'(?:src|href)="https?:', page)
    assert [path.name for path in tmp_path.iterdir()] == ["fusion.html"]  # no half-written file


def test_a_page_that_cannot_be_written_says_so(scene, runtime, tmp_path):
    from PETMRFusionLib.sample import tiny_pair

    mr, pet = tiny_pair()
    logic = PETMRFusionLogic(runtime)
    fused = logic.fuse(mr, pet, settings=SETTINGS).fused
    with pytest.raises(FusionError, match=r"missing"):
        logic.startPage(fused, str(tmp_path / "missing" / "fusion.html")).wait()
    slicer.mrmlScene.RemoveNode(pet)
    with pytest.raises(ValueError, match="its PET is gone"):
        logic.startPage(fused, str(tmp_path / "fusion.html"))
