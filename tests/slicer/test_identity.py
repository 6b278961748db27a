"""A verdict on the alignment belongs to what was looked at: any change of content or place takes it back."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.geometry import to_vtk
from PETMRFusionLib.jobs import FusionError
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from slicer_cases import head_nodes, parent, points_of, volume, wave
from slicer_widget_cases import finish


def sixty_mm() -> np.ndarray:
    matrix = np.eye(4)
    matrix[0, 3] = 60
    return matrix


def by_transform(p):
    above = parent(np.eye(4), p.petVolume)
    return lambda: above.SetMatrixTransformToParent(to_vtk(sixty_mm()))


def two_levels_up(p):
    above = parent(np.eye(4), parent(np.eye(4), p.petVolume))
    return lambda: above.SetMatrixTransformToParent(to_vtk(sixty_mm()))


def by_transform_of_the_mri(p):
    above = parent(np.eye(4), p.mrVolume)
    return lambda: above.SetMatrixTransformToParent(to_vtk(sixty_mm()))


def by_a_deformation(p):
    return lambda: wave(p.petVolume)


def above_a_deformation(p):
    top = parent(np.eye(4), wave(p.petVolume))
    return lambda: top.SetMatrixTransformToParent(to_vtk(sixty_mm()))


def by_grid(p):
    return lambda: p.petVolume.SetIJKToRASMatrix(to_vtk(sixty_mm() @ points_of(p.petVolume)))


def by_voxels(p):
    def change():
        values = arrayFromVolume(p.petVolume)
        values[:] = np.roll(values, 12, axis=2)
        slicer.util.arrayFromVolumeModified(p.petVolume)

    return change


def by_new_image(p):
    def change():
        image = vtk.vtkImageData()
        image.DeepCopy(p.petVolume.GetImageData())
        p.petVolume.SetAndObserveImageData(image)

    return change


def by_registration(p):
    p.registration = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    return lambda: p.registration.SetMatrixTransformToParent(to_vtk(sixty_mm()))


CHANGES = [by_transform, two_levels_up, by_transform_of_the_mri, by_a_deformation, above_a_deformation]
CHANGES += [by_grid, by_voxels, by_new_image, by_registration]


@pytest.mark.parametrize("prepare", CHANGES, ids=lambda change: change.__name__)
def test_any_change_makes_it_not_checked_yet(loaded, prepare):
    change = prepare(loaded._parameterNode)
    loaded._checked, loaded._problems = loaded.alignmentKey(), ["one"]
    loaded.showAlignment("WARNING: one")
    loaded._parameterNode.petVolume.GetDisplayNode() or loaded._parameterNode.petVolume.CreateDefaultDisplayNodes()
    assert loaded.ui.alignmentLabel.text == "WARNING: one"  # showing a volume changes nothing
    change()
    slicer.app.processEvents()
    assert loaded.ui.alignmentLabel.text == "Not checked yet"
    assert loaded.ui.alignmentLabel.styleSheet == ""
    assert loaded._checked is None


def test_a_transform_changed_in_place_is_noticed_at_the_latest_by_apply(loaded):
    """MRML tells nobody of it until the node is marked as modified; the place is compared on every click."""
    above = parent(np.eye(4), loaded._parameterNode.petVolume)
    known = loaded.alignmentKey()
    above.GetTransformToParent().Translate(60, 0, 0)
    assert loaded.alignmentKey() != known


def test_apply_looks_again_after_the_pet_was_moved_and_asks_no_more_once_it_is_mended(loaded):
    ui, p, asked = loaded.ui, loaded._parameterNode, []
    slicer.util.confirmYesNoDisplay = lambda text, *ignored: bool(asked.append(text))  # says no
    above = parent(np.eye(4), p.petVolume)
    ui.applyButton.click()
    finish(loaded)
    assert asked == []
    above.SetMatrixTransformToParent(to_vtk(sixty_mm()))
    ui.applyButton.click()
    finish(loaded)
    assert len(asked) == 1
    assert "The alignment may be wrong" in asked[0]
    above.SetMatrixTransformToParent(vtk.vtkMatrix4x4())
    ui.applyButton.click()
    finish(loaded)
    assert len(asked) == 1


def test_a_volume_that_moves_during_the_check_is_not_called_checked(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    ui.applyButton.click()  # checks first
    by_grid(p)()
    finish(loaded)
    assert ui.alignmentLabel.text == "Not checked yet"
    assert "changed while they were checked" in ui.noticeLabel.text
    assert p.fusedVolume is None


@pytest.mark.parametrize("change", [by_grid, by_voxels, by_transform_of_the_mri])
def test_a_volume_that_changes_during_the_fusion_gives_no_result(scene, change):
    import types

    mr, pet = head_nodes(6.0)
    running = PETMRFusionLogic(AverageRuntime()).startFuse(mr, pet)
    change(types.SimpleNamespace(mrVolume=mr, petVolume=pet))()
    with pytest.raises(FusionError, match="changed or were moved"):
        running.wait()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVectorVolumeNode") == 0


def dynamic(p, *places: np.ndarray):
    """A sequence with a frame at each place; an empty one where the place is ``None``."""
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    for number, place in enumerate(places):
        values = arrayFromVolume(p.petVolume) * (place is not None)
        node = volume(f"f{number}", values, (np.eye(4) if place is None else place) @ points_of(p.petVolume))
        frames.SetDataNodeAtValue(node, str(number))
        slicer.mrmlScene.RemoveNode(node)
    return frames


@pytest.mark.parametrize("moved", [0, 2, 4])
def test_first_middle_and_last_frame_are_looked_at(scene, runtime, moved):
    import types

    mr, pet = head_nodes(6.0)
    places = [sixty_mm() if number == moved else np.eye(4) for number in range(5)]
    frames = dynamic(types.SimpleNamespace(petVolume=pet), *places)
    facts = PETMRFusionLogic(runtime).startCheckSequence(mr, frames).wait()
    assert facts["problems"]
    assert all(problem.startswith(f"dynamic frame {moved + 1}: ") for problem in facts["problems"])
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2


def test_a_dynamic_pet_out_of_place_is_asked_about_and_an_empty_frame_is_not(loaded):
    ui, p, asked = loaded.ui, loaded._parameterNode, []
    slicer.util.confirmYesNoDisplay = lambda text, *ignored: bool(asked.append(text))  # says no
    p.petSequence = dynamic(p, sixty_mm(), sixty_mm())
    ui.sequenceButton.click()
    finish(loaded)
    assert len(asked) == 1
    assert "dynamic frame 1: " in asked[0]
    assert slicer.mrmlScene.GetFirstNodeByName("dynamic fused") is None
    p.petSequence = dynamic(p, None, np.eye(4))
    assert ui.alignmentLabel.text == "Not checked yet"
    ui.sequenceButton.click()
    finish(loaded)
    assert len(asked) == 1
    assert slicer.mrmlScene.GetFirstNodeByName("dynamic fused").GetNumberOfDataNodes() == 2


def test_registering_never_overwrites_a_transform_of_the_user(loaded):
    ui, p = loaded.ui, loaded._parameterNode
    mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "mine")
    mine.SetMatrixTransformToParent(to_vtk(sixty_mm()))
    p.registration = mine
    ui.registerButton.click()
    finish(loaded)
    found = p.registration
    assert found is not mine
    mine.GetMatrixTransformToParent(matrix := vtk.vtkMatrix4x4())
    assert matrix.GetElement(0, 3) == 60
    assert record.is_own_registration(found)
    ui.registerButton.click()
    finish(loaded)
    assert p.registration is found  # our own, untouched: found anew
    found.SetMatrixTransformToParent(to_vtk(sixty_mm()))
    ui.registerButton.click()
    finish(loaded)
    assert p.registration is not found  # the user went on from ours: it is the user's now


class Patients(AverageRuntime):
    """Refuses two patients until it is reported that they are meant, as the worker does."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict] = []

    def start(self, folder, on_event):
        import json

        orders = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self.orders.append(orders)
        self.code = 0
        if orders["different_patients"]:
            return super().start(folder, on_event)
        self.code = 1
        reported = {"message": "anatomy 'T1' and function 'FDG' are of different patients: Patient ID differs"}
        on_event({"event": "failed", "kind": "DifferentPatientsError", **reported})
        return self


@pytest.mark.parametrize("yes", [False, True])
def test_images_of_two_patients_are_asked_about_and_never_fused_silently(loaded, yes):
    ui, p, asked = loaded.ui, loaded._parameterNode, []
    loaded.logic = PETMRFusionLogic(Patients())
    slicer.util.confirmYesNoDisplay = lambda text, *ignored: asked.append(text) or yes
    loaded._checked = loaded.alignmentKey()
    ui.applyButton.click()
    finish(loaded)
    assert len(asked) == 1
    assert "Patient ID differs" in asked[0]
    assert "two different patients" in asked[0]
    assert (p.fusedVolume is not None) == yes
    assert [orders["different_patients"] for orders in loaded.logic.runtime().orders] == [False, True][: 1 + yes]
    if not yes:
        assert "different patients" in ui.statusLabel.text
        return
    ui.applyButton.click()  # the same pair: the answer holds
    finish(loaded)
    assert len(asked) == 1
    p.petVolume = volume("other", arrayFromVolume(p.petVolume) * 1.0, points_of(p.petVolume))
    loaded._checked = loaded.alignmentKey()
    ui.applyButton.click()  # another PET: asked again
    finish(loaded)
    assert len(asked) == 2
