"""Live preview: the visible slice, fused by a worker that stays, shown in a volume one slice thick."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import slicer

from PETMRFusionLib import fusing
from PETMRFusionLib.blend import Blend, scaled, steps
from PETMRFusionLib.geometry import array_of, ijk_to_ras, local_point, to_vtk
from PETMRFusionLib.runtime import Runtime
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.volumes import place


class Preview:
    """One MRI and one PET kept ready in a worker.

    Only the newest request counts: while the worker is busy, earlier ones are dropped.

    Attributes:
        ready: what the worker said when it was ready (windows, plane, number of slices), else ``None``.
        error: why it failed, else empty.
        requests: how many slices the worker was asked for.
    """

    def __init__(
        self,
        runtime: Runtime,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        settings: FusionSettings,
        registration: slicer.vtkMRMLLinearTransformNode | None,
    ) -> None:
        self.ready: dict[str, Any] | None = None
        self.error = ""
        self.requests = 0
        self.on_slice: Callable[[], None] = lambda: None
        self._mr = mr
        self._folder, uptakes = fusing.order_fusion(mr, [pet], settings, registration, task="preview")
        self._uptake = uptakes[0]
        self._busy = False
        self._wanted: int | None = None
        self._shown: tuple[int, Blend] | None = None
        self._early: np.ndarray | None = None
        self._task = runtime.start(self._folder.path, self._hear)

    @property
    def newest(self) -> int | None:
        """Number of the slice fused last."""
        return self._shown[0] if self._shown is not None else None

    def poll(self) -> bool:
        """Deliver news; False once the worker is gone."""
        running = self._task.poll()
        if not running:
            self._folder.remove()
            if self._task.code not in (0, 3) and not self.error:
                self.error = "\n".join(self._task.log[-3:]) or f"The worker ended with code {self._task.code}"
        return running

    def request(self, world: np.ndarray) -> None:
        """Ask for the slice through a world point; nothing where that slice is shown or under way already."""
        self._wanted = None
        if self.ready is None:
            self._early = world
            return
        index = self.slice_at(world)
        if index is not None and (self._shown is None or self._shown[0] != index):
            self._wanted = index
            self._ask()

    def slice_at(self, world: np.ndarray) -> int | None:
        """Number of the slice (in the stack that the network sees) through a world point; ``None`` outside."""
        axis = self.ready["order"][0]
        voxel = np.linalg.inv(ijk_to_ras(self._mr)) @ [*local_point(self._mr, world), 1.0]
        position = round(float(voxel[2 - axis]))
        count = self.ready["slices"]
        if not 0 <= position < count:
            return None
        return count - 1 - position if 0 in self.ready["flips"] else position

    def show(self, node: slicer.vtkMRMLVectorVolumeNode, strength: float) -> bool:
        """Put the newest slice into a volume at its place; False where there is none yet."""
        if self._shown is None:
            return False
        index, blend = self._shown
        colors = self._unstack(blend.colors(strength)[None])
        axis = self.ready["order"][0]
        matrix = ijk_to_ras(self._mr)
        position = self.ready["slices"] - 1 - index if 0 in self.ready["flips"] else index
        matrix[:3, 3] += position * matrix[:3, 2 - axis]
        place(node, colors, to_vtk(matrix), self._mr.GetTransformNodeID())
        return True

    def stop(self) -> None:
        """End the worker: at once, and wait until it is gone."""
        self._task.kill()
        end = time.monotonic() + 2
        while self.poll() and time.monotonic() < end:
            time.sleep(0.01)

    def _hear(self, event: dict[str, Any]) -> None:
        if event["event"] == "ready":
            self.ready = event
            self._table = np.load(self._folder.path / event["table"], allow_pickle=False)
            if self._early is not None:
                self.request(self._early)
        elif event["event"] == "slice":
            self._busy = False
            file = self._folder.path / event["file"]
            self._keep(event["slice"], np.load(file, allow_pickle=False))
            file.unlink()
            self.on_slice()
            self._ask()
        elif event["event"] == "failed":
            self.error = event["message"]

    def _ask(self) -> None:
        if self._busy or self._wanted is None:
            return
        self._busy = True
        self.requests += 1
        self._task.send({"id": self.requests, "slice": self._wanted})
        self._wanted = None

    def _keep(self, index: int, luminance: np.ndarray) -> None:
        facts = self.ready
        anatomy = scaled(self._stack(array_of(self._mr))[index], facts["anatomy_window"])
        uptake = steps(scaled(self._stack(self._uptake)[index], facts["window"]))
        self._shown = (index, Blend(anatomy, luminance, uptake, self._table))

    def _stack(self, array: np.ndarray) -> np.ndarray:
        return np.flip(array.transpose(self.ready["order"]), self.ready["flips"])

    def _unstack(self, stack: np.ndarray) -> np.ndarray:
        order = [int(axis) for axis in np.argsort(self.ready["order"])]
        return np.flip(stack, self.ready["flips"]).transpose(*order, 3)


def center_of(view: slicer.vtkMRMLSliceNode) -> np.ndarray:
    """World point in the middle of a slice view."""
    matrix = view.GetSliceToRAS()
    return np.array([matrix.GetElement(row, 3) for row in range(3)])
