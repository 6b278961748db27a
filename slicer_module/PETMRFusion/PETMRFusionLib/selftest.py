"""The self-test: runs in Slicer (Reload and Test, dashboards) and in our own tests, without coconet-med.

A small runtime takes the place of the worker: it averages the two images.  All around it is the real thing: orders,
resampling, coloring, nodes, display, and the scene file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from PETMRFusionLib import record
from PETMRFusionLib.blend import STEPS, scaled
from PETMRFusionLib.geometry import array_of, ijk_to_ras
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.sample import tiny_pair
from PETMRFusionLib.settings import FusionSettings


class AverageRuntime:
    """Does the task ``fuse`` on the spot, with the plain average of the two images; a task that is over at once."""

    def __init__(self) -> None:
        self.code: int | None = 0
        self.log: list[str] = []

    def start(self, folder: Path, on_event: Callable[[dict[str, Any]], None]) -> AverageRuntime:
        orders = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        results = folder / "result"
        results.mkdir()
        anatomy = np.load(folder / orders["anatomy"]["array"])
        limits = (0.0, float(anatomy.max()))
        frames = [np.load(folder / frame["array"]) for frame in orders["frames"]]
        window = orders["window"] or (0.0, float(max(frame.max() for frame in frames)))
        about = {"anatomy_window": limits, "plane": "axial", "provenance": {"model": {"name": "average"}}}
        for number, frame in enumerate(frames):
            np.save(results / f"luminance-{number}.npy", (scaled(anatomy, limits) + scaled(frame, window)) / 2)
            on_event({"event": "progress", "stage": "fuse", "done": number + 1, "total": len(frames)})
        np.save(results / "table.npy", red_table())
        answer = {"window": window, "colormap": orders["colormap"], "frames": [{**about, "warnings": []}] * len(frames)}
        (results / "facts.json").write_text(json.dumps(answer), encoding="utf-8")
        return self

    def poll(self) -> bool:
        return False

    def send(self, message: dict[str, Any]) -> None:
        pass

    def cancel(self) -> None:
        pass

    def kill(self) -> None:
        pass


def red_table() -> np.ndarray:
    """Gray that uptake turns red: RGB ``uint8`` (256 luminances, 256 uptakes, 3)."""
    light, hot = np.meshgrid(np.arange(STEPS), np.arange(STEPS), indexing="ij")
    return np.stack([np.maximum(light, hot), light * (255 - hot) // 255, light * (255 - hot) // 255], -1).astype("u1")


class PETMRFusionTest(ScriptedLoadableModuleTest):
    """What must hold of the module wherever it runs."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        for test in (self.test_fuse, self.test_strength, self.test_cancel, self.test_bad_inputs):
            self.setUp()
            test()
        self.delayDisplay("PET-MR Fusion: all tests passed")

    def test_fuse(self) -> None:
        """The hot spot is reddest where it is in the world, and the result has the grid of the MRI."""
        mr, pet = tiny_pair()
        before = array_of(mr).copy(), array_of(pet).copy()
        nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet, settings=FusionSettings(window=(0, 8)))
        colors = array_of(nodes.fused).astype(int)
        self.assertEqual(colors.shape, (*array_of(mr).shape, 3))
        self.assertTrue(np.array_equal(ijk_to_ras(nodes.fused), ijk_to_ras(mr)))
        redness = colors[..., 0] - colors[..., 1]
        k, j, i = np.unravel_index(redness.argmax(), redness.shape)
        spot = (ijk_to_ras(nodes.fused) @ [i, j, k, 1])[:3]
        self.assertLess(np.linalg.norm(spot - (12, 8, -4)), 4.0)
        self.assertTrue(np.array_equal(before[0], array_of(mr)))
        self.assertTrue(np.array_equal(before[1], array_of(pet)))
        self.assertEqual(record.read_record(nodes.fused).window, (0, 8))

    def test_strength(self) -> None:
        """Strength 0 shows the MRI in gray, and coloring anew needs no network."""
        mr, pet = tiny_pair()
        logic = PETMRFusionLogic(AverageRuntime())
        fused = logic.fuse(mr, pet).fused
        full = array_of(fused).copy()
        logic.setStrength(fused, 0.0)
        gray = array_of(fused)
        self.assertTrue((gray == gray[..., :1]).all())
        self.assertFalse(np.array_equal(full, gray))
        logic.setStrength(fused, 1.0)
        self.assertTrue(np.array_equal(array_of(fused), full))

    def test_cancel(self) -> None:
        """A canceled fusion leaves no node behind."""
        mr, pet = tiny_pair()
        running = PETMRFusionLogic(AverageRuntime()).startFuse(mr, pet)
        running.cancel()
        self.assertIsNone(running.wait())
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVectorVolumeNode"), 0)

    def test_bad_inputs(self) -> None:
        """One volume for both, no volume, and colors are refused in words."""
        mr, pet = tiny_pair()
        logic = PETMRFusionLogic(AverageRuntime())
        fused = logic.fuse(mr, pet).fused
        for pair in ((mr, mr), (None, pet), (mr, fused)):
            with self.assertRaises(ValueError):
                logic.fuse(*pair)
