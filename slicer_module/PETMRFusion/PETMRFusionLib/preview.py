"""Live preview: the visible slice, fused by a worker that stays, shown in a volume one slice thick."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import fusing
from PETMRFusionLib.blend import DIVERGING, Blend, blending
from PETMRFusionLib.geometry import array_of, ijk_to_ras, local_point, to_vtk
from PETMRFusionLib.runtime import Runtime, Task
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slabs import Chore, finish
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
        self._runtime, self._settings = runtime, settings
        self._orders = Chore(fusing.ordering_fusion(mr, [pet], settings, registration, task="preview"))
        self._task: Task | None = None
        self._busy = False
        self._wanted: int | None = None
        self._shown: tuple[int, np.ndarray] | None = None
        self._early: np.ndarray | None = None
        self._order()

    @property
    def newest(self) -> int | None:
        """Number of the slice fused last."""
        return self._shown[0] if self._shown is not None else None

    def poll(self) -> bool:
        """Deliver news; False once the worker is gone."""
        if self._task is None and not self._orders.over:
            self._order()
        if self._task is None:
            return not self._orders.over
        running = self._task.poll()
        if not running:
            self._folder.remove()
            if self._task.code not in (0, 3) and not self.error:
                self.error = "\n".join(self._task.log[-3:]) or _("The worker ended with code {code}").format(
                    code=self._task.code
                )
        return running

    def _order(self) -> None:
        """Write the orders, or a part of them; start the worker where they are complete."""
        try:
            if self._orders.advance():
                return
        except ValueError as error:
            self.error = str(error)
            self._orders.drop()
            return
        self._folder, uptakes = self._orders.value.folder, self._orders.value.uptakes
        self._uptake, self._beyond = uptakes[0].values, uptakes[0].beyond
        self._task = self._runtime.start(self._folder.path, self._hear)

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

    def show(
        self,
        node: slicer.vtkMRMLVectorVolumeNode,
        strength: float,
        lightness: float = 1.0,
        threshold: float | None = None,
    ) -> bool:
        """Put the newest slice into a volume at its place; False where there is none yet."""
        if self._shown is None:
            return False
        index = self._shown[0]
        colors = self._unstack(self._blend(threshold).colors(strength, lightness=lightness)[None])
        axis = self.ready["order"][0]
        matrix = ijk_to_ras(self._mr)
        position = self.ready["slices"] - 1 - index if 0 in self.ready["flips"] else index
        matrix[:3, 3] += position * matrix[:3, 2 - axis]
        place(node, colors, to_vtk(matrix), self._mr.GetTransformNodeID())
        return True

    def stop(self) -> None:
        """End the worker: at once, and wait until it is gone."""
        self._orders.drop()
        if self._task is None:
            return
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
            self._shown = (event["slice"], np.load(file, allow_pickle=False))
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

    def _blend(self, threshold: float | None) -> Blend:
        """What coloring the newest slice needs."""
        index, luminance = self._shown
        return finish(
            blending(
                self._stack(array_of(self._mr))[index],
                luminance,
                self._stack(self._uptake)[index],
                self._table,
                anatomy_window=self.ready["anatomy_window"],
                window=self.ready["window"],
                signed=self._settings.colormap == DIVERGING,
                threshold=threshold,
                no_data=None if self._beyond is None else self._stack(self._beyond)[index],
            )
        )

    def _stack(self, array: np.ndarray) -> np.ndarray:
        return np.flip(array.transpose(self.ready["order"]), self.ready["flips"])

    def _unstack(self, stack: np.ndarray) -> np.ndarray:
        order = [int(axis) for axis in np.argsort(self.ready["order"])]
        return np.flip(stack, self.ready["flips"]).transpose(*order, 3)


def center_of(view: slicer.vtkMRMLSliceNode) -> np.ndarray:
    """World point in the middle of a slice view."""
    matrix = view.GetSliceToRAS()
    return np.array([matrix.GetElement(row, 3) for row in range(3)])
