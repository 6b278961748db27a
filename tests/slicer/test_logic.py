"""The logic as a script uses it: the real worker with the real light model on the generated head."""

from __future__ import annotations

import time

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.geometry import resample
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import SHEAR, head_nodes, parent, points_of, state, turned, volume
from slicer_logic_cases import SETTINGS


def test_the_head_is_fused_end_to_end(logic):
    """Orders, worker, light model, coloring and nodes; the result is what the core gives on the same voxels."""
    import SimpleITK as sitk

    import coconet_med
    from worker_exchange import to_image

    mr, pet = head_nodes()
    parent(turned((0, 0, 1), 20, (3, 4, 5)), mr, pet)
    before, seen = state(mr, pet), []
    nodes = logic.fuse(mr, pet, settings=SETTINGS, progress=lambda *news: seen.append(news))
    assert state(mr, pet) == before
    assert seen[-1] == ("fuse", 48, 48)
    assert np.array_equal(points_of(nodes.fused), points_of(mr))
    assert nodes.fused.GetTransformNodeID() == mr.GetTransformNodeID()
    facts = record.read_record(nodes.fused)
    assert facts.provenance["model"]["name"] == "light"
    assert len(facts.provenance["model"]["sha256"]) == 64
    assert np.array_equal(arrayFromVolume(nodes.uptake), resample(pet, mr))
    # The core on the two images as they lie: the same window, the same place of each voxel, the same hatched border.
    images = [to_image(arrayFromVolume(node), points_of(node)) for node in (mr, pet)]
    model = coconet_med.load_model("light", engine="onnx", device="cpu", threads=1)
    core = coconet_med.fuse(*images, register="never", model=model)
    assert facts.window == (core.window.low, core.window.high)
    colors, wanted = arrayFromVolume(nodes.fused).astype(int), sitk.GetArrayFromImage(core.color)
    # VTK and ITK differ by rounding in resampling, threads in the order of adding: a step of the tables here and there.
    assert np.abs(colors - wanted).max() <= 8
    assert np.mean(colors != wanted) < 5e-3
    beyond = arrayFromVolume(nodes.fused.GetNodeReference(record.NO_DATA)) == 1
    assert 0 < beyond.mean() == pytest.approx(facts.no_data)
    assert (colors[beyond].max(axis=-1) == colors[beyond].min(axis=-1)).all()  # gray
    assert (colors[beyond] == 64).any()  # stripes on black


def test_the_result_does_not_depend_on_how_the_volumes_are_stored(logic):
    """The MRI with its axes permuted and flipped gives the same colors at the same places."""
    mr, pet = head_nodes()
    first = arrayFromVolume(logic.fuse(mr, pet, settings=SETTINGS).fused).copy()
    matrix, values = points_of(mr), arrayFromVolume(mr)
    other = matrix[:, [1, 2, 0, 3]]  # new axes i, j, k are the old j, k, i
    stored = values.transpose(2, 0, 1)  # (k, j, i) = old (i, k, j)
    other[:3, 3] += other[:3, 0] * (stored.shape[2] - 1)
    other[:3, 0] *= -1
    again = volume("stored otherwise", np.ascontiguousarray(stored[:, :, ::-1]), other)
    settings = FusionSettings(engine="onnx", device="cpu", plane="axial")
    second = arrayFromVolume(logic.fuse(again, pet, settings=settings).fused)
    assert np.abs(second[:, :, ::-1].transpose(1, 2, 0, 3).astype(int) - first).max() <= 4


def test_a_sheared_mri_is_fused_on_its_own_grid(logic):
    mr, pet = head_nodes()
    parent(SHEAR, mr, pet)
    mr.HardenTransform()
    pet.HardenTransform()
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    assert np.array_equal(points_of(nodes.fused), points_of(mr))
    assert arrayFromVolume(nodes.fused).std() > 20


def test_a_cancel_stops_the_real_worker_and_touches_no_node(logic):
    mr, pet = head_nodes(2.0)
    out = volume("out", np.zeros((2, 2, 2, 3), np.uint8), np.eye(4), "vtkMRMLVectorVolumeNode")
    before, count, seen = state(mr, pet, out), slicer.mrmlScene.GetNumberOfNodes(), []
    stopped: list[float] = []

    def canceled() -> bool:
        if seen and seen[-1][0] == "fuse" and not stopped:
            stopped.append(time.monotonic())
        return bool(stopped)

    assert logic.fuse(mr, pet, out, settings=SETTINGS, progress=lambda *n: seen.append(n), isCancelled=canceled) is None
    assert time.monotonic() - stopped[0] < 3.0  # of which other work may hold the processors for most
    assert seen[-1][1] < seen[-1][2]  # it did not just come to its end
    assert state(mr, pet, out) == before
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_results_go_into_the_nodes_given_and_again_into_the_same(average):
    mr, pet = head_nodes()
    scene = slicer.mrmlScene
    out = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "mine")
    first = average.fuse(mr, pet, out)
    count = scene.GetNumberOfNodes()
    second = average.fuse(mr, pet, out)
    assert first.fused is out
    assert (second.fused, second.uptake, second.luminance) == (first.fused, first.uptake, first.luminance)
    assert scene.GetNumberOfNodes() == count


def test_units_are_kept_and_used(average):
    mr, pet = head_nodes()
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")
    pet.SetVoxelValueUnits(units)
    nodes = average.fuse(mr, pet)
    assert nodes.uptake.GetVoxelValueUnits().GetCodeValue() == "{SUVbw}g/ml"
    assert record.read_record(nodes.fused).units == "SUVbw"


def test_a_dynamic_pet_becomes_a_fused_sequence_with_one_window(average):
    mr, pet = head_nodes()
    scene = slicer.mrmlScene
    frames = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    frames.SetIndexName("time")
    frames.SetIndexUnit("s")
    base = arrayFromVolume(pet).copy()
    for number, factor in enumerate((0.0, 0.5, 1.0)):
        arrayFromVolume(pet)[:] = factor * base
        slicer.util.arrayFromVolumeModified(pet)
        frames.SetDataNodeAtValue(pet, str(60 * number))
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    made = average.startFuseSequence(mr, frames).wait()
    assert made.fused.GetNumberOfDataNodes() == 3
    assert made.fused.GetNthIndexValue(2) == "120"
    assert made.fused.GetIndexUnit() == "s"
    half, full = (arrayFromVolume(made.uptake.GetNthDataNode(n)) for n in (1, 2))
    assert np.allclose(half, 0.5 * full, atol=1e-3)
    facts = record.read_record(made.browser.GetProxyNode(made.fused))
    assert facts.window[1] == pytest.approx(full.max())
    redness = [int(arrayFromVolume(made.fused.GetNthDataNode(n)).astype(int)[..., 0].max()) for n in range(3)]
    assert redness[0] < redness[2]
    assert np.array_equal(points_of(made.fused.GetNthDataNode(0)), points_of(mr))
    made.browser.SetSelectedItemNumber(2)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(made.browser)
    played = arrayFromVolume(made.browser.GetProxyNode(made.fused))
    assert np.array_equal(played, arrayFromVolume(made.fused.GetNthDataNode(2)))
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") - count <= 5  # four volumes that play, and the mask


def test_an_empty_first_frame_does_not_stop_the_real_worker(logic):
    mr, pet = head_nodes(6.0)
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    full = arrayFromVolume(pet).copy()
    for number, factor in enumerate((0.0, 1.0)):
        arrayFromVolume(pet)[:] = factor * full
        frames.SetDataNodeAtValue(pet, str(number))
    made = logic.startFuseSequence(mr, frames, settings=SETTINGS).wait()
    assert arrayFromVolume(made.fused.GetNthDataNode(0)).any()


def test_quality_is_a_table_beside_the_plain_average(logic):
    mr, pet = head_nodes(6.0)
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    table = logic.startQuality(nodes.fused).wait()
    assert [table.GetColumnName(n) for n in range(3)] == ["Measure", "Fusion", "Average of MRI and PET"]
    assert table.GetNumberOfRows() >= 4
    figures = slicer.util.arrayFromTableColumn(table, "Fusion")
    assert np.isfinite(figures).mean() > 0.5


def test_inputs_that_cannot_be_fused_are_refused_in_words(average):
    mr, pet = head_nodes()
    labels = volume("labels", np.zeros((2, 2, 2), np.uint8), np.eye(4), "vtkMRMLLabelMapVolumeNode")
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    for pair, words in (
        ((None, pet), "Select the MRI"),
        ((mr, mr), "the same volume"),
        ((mr, labels), "colors or labels"),
        ((mr, empty), "is empty"),
    ):
        with pytest.raises(ValueError, match=words):
            average.fuse(*pair)


def test_what_is_not_a_number_is_dark_and_stops_nothing(logic):
    mr, pet = head_nodes(6.0)
    arrayFromVolume(pet)[3:5, 10, 10] = (np.nan, np.inf)
    arrayFromVolume(mr)[3, 3, 3] = np.nan
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    assert np.isfinite(arrayFromVolume(nodes.uptake)).all()
    assert np.isfinite(arrayFromVolume(nodes.luminance)).all()
    logic.setStrength(nodes.fused, 0.5)
