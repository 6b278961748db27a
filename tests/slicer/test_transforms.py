"""Transforms of other programs come in, and go out, with the PET at the same place."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from PETMRFusionLib.fusing import matrix_of
from PETMRFusionLib.geometry import resample
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.transforms import save_transform
from slicer_cases import head_nodes, parent, points_of, turned, wave
from slicer_widget_cases import finish
from worker_exchange import to_image

TRUTH = ((0.0, 0.0, 8.0), (22.0, -12.0, 6.0))


@pytest.mark.parametrize("placed", [False, True], ids=["in one frame", "under transforms"])
def test_a_transform_that_goes_out_comes_in_again(scene, runtime, tmp_path, placed):
    """And SimpleITK resamples by it what Slicer shows."""
    mr, pet = head_nodes(4.5, misalign=TRUTH)  # finer than the PET: nothing is smoothed
    logic = PETMRFusionLogic(runtime)
    if placed:
        parent(turned((0, 0, 1), 15, (4, 0, 0)), mr)
        parent(turned((1, 0, 0), 5, (0, 3, 0)), pet)
    registration = parent(turned((0.2, 0.1, 1), 7, (3, 4, 5)))
    shown = resample(pet, mr, registration=matrix_of(registration))
    path = save_transform(mr, pet, registration, str(tmp_path / "pet.tfm"))
    images = [to_image(node_array, points_of(node)) for node, node_array in ((mr, array(mr)), (pet, array(pet)))]
    by_itk = sitk.GetArrayFromImage(sitk.Resample(images[1], images[0], sitk.ReadTransform(path), sitk.sitkLinear, 0.0))
    inside = shown > 0.2 * shown.max()
    assert np.abs(by_itk - shown)[inside].max() < 0.01 * shown.max()
    again = logic.startLoadTransform(mr, pet, path).wait()
    assert np.allclose(matrix_of(again), matrix_of(registration), atol=1e-9)
    assert again.GetName() == "pet"


def array(node):
    import slicer

    return slicer.util.arrayFromVolume(node).astype(np.float32)


def test_what_no_file_of_a_matrix_can_hold_is_refused(scene, tmp_path):
    mr, pet = head_nodes(6.0)
    wave(pet)
    with pytest.raises(ValueError, match="not linear"):
        save_transform(mr, pet, None, str(tmp_path / "pet.tfm"))
    with pytest.raises(ValueError, match=r"choose \.tfm"):
        save_transform(mr, pet, None, str(tmp_path / "pet.mat"))
    assert list(tmp_path.iterdir()) == []


def test_the_buttons_load_and_save(loaded, tmp_path, monkeypatch):
    import qt

    ui, p = loaded.ui, loaded._parameterNode
    target = str(tmp_path / "pet.tfm")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *ignored: target)
    ui.saveTransformButton.click()
    assert "Saved" in ui.statusLabel.text
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *ignored: target)
    ui.loadTransformButton.click()
    finish(loaded)
    assert p.registration.GetName() == "pet"
    assert np.allclose(matrix_of(p.registration), np.eye(4))
    assert "check the alignment" in ui.alignmentLabel.text
    (tmp_path / "broken.tfm").write_text("no transform", encoding="utf-8")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *ignored: str(tmp_path / "broken.tfm"))
    ui.loadTransformButton.click()
    finish(loaded)
    assert "cannot be read" in ui.statusLabel.text
