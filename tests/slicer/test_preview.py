"""The live preview shows exactly what Apply will give, slice by slice, and asks for no slice twice."""

from __future__ import annotations

import time

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib.geometry import ijk_to_ras
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import head_nodes, moved, parent, turned, volume


def settle(preview, condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert preview.poll(), preview.error
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("plane", "flipped"), [("axial", False), ("axial", True), ("sagittal", True)])
def test_the_slice_in_view_is_the_slice_of_the_whole_fusion(scene, runtime, plane, flipped):
    mr, pet = head_nodes(5.0)
    if flipped:  # all three axes run the other way: the same places, stored in reverse
        matrix, values = ijk_to_ras(mr), arrayFromVolume(mr)
        last = np.array([n - 1 for n in values.shape[::-1]])
        matrix[:3, 3] += matrix[:3, :3] @ last
        matrix[:3, :3] *= -1
        mr = volume("reversed", np.ascontiguousarray(values[::-1, ::-1, ::-1]), matrix)
    to_world = turned((0, 0, 1), 20, (3, 4, 5))
    parent(to_world, mr, pet)
    logic = PETMRFusionLogic(runtime)
    settings = FusionSettings(engine="onnx", device="cpu", plane=plane, strength=0.7)
    whole = logic.fuse(mr, pet, settings=settings)
    preview = logic.startPreview(mr, pet, settings=settings)
    world = moved(to_world @ ijk_to_ras(mr), np.array([20.0, 22.0, 17.0]))
    preview.request(world)  # before the worker is ready: kept
    shown = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "preview")
    settle(preview, lambda: preview.show(shown, 0.7))
    preview.request(world + 0.1)  # the same slice
    settle(preview, lambda: preview.ready is not None)
    assert preview.requests == 1
    axis = 0 if plane == "axial" else 2
    position = 17 if plane == "axial" else 20
    piece = arrayFromVolume(shown)
    assert piece.shape[axis] == 1
    wanted = np.take(arrayFromVolume(whole.fused), [position], axis)
    assert np.abs(piece.astype(int) - wanted).max() <= 4
    here = moved(ijk_to_ras(shown), np.zeros(3))
    assert np.allclose(here, moved(ijk_to_ras(mr), np.eye(3)[2 - axis] * position))
    assert shown.GetTransformNodeID() == mr.GetTransformNodeID()
    preview.request(world + 1000)  # outside: nothing to ask for
    assert preview.requests == 1
    preview.stop()
    assert not preview.poll()


def test_only_the_newest_request_counts(scene, runtime):
    mr, pet = head_nodes(6.0)
    preview = PETMRFusionLogic(runtime).startPreview(mr, pet, settings=FusionSettings(engine="onnx", device="cpu"))
    settle(preview, lambda: preview.ready is not None)
    seen = []
    preview.on_slice = lambda: seen.append(preview.newest)
    for k in range(5, 15):
        preview.request(moved(ijk_to_ras(mr), np.array([10.0, 10.0, k])))
    settle(preview, lambda: len(seen) == 2)
    assert preview.requests == 2
    assert seen[-1] == preview.slice_at(moved(ijk_to_ras(mr), np.array([10.0, 10.0, 14.0])))
    preview.stop()


def test_a_preview_that_cannot_start_says_why(scene, runtime):
    mr, pet = head_nodes(6.0)
    preview = PETMRFusionLogic(runtime).startPreview(mr, pet, settings=FusionSettings(model="/nowhere.onnx"))
    end = time.monotonic() + 60
    while preview.poll():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "no such file" in preview.error
    assert not preview.show(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode"), 1.0)
