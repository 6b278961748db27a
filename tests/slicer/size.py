"""How long the window waits, and how much memory is taken, with a large MRI: 384 x 384 x 320.

    .venv-slicer-5.12.4.0-py311/bin/python tests/slicer/size.py [K J I]

Drives the panel as its timers do, with the real worker and the light model, and prints the longest wait of each step.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import slicer
from PySide6 import QtCore, QtWidgets

import conftest  # noqa: F401  (puts the stand-ins in place)


class Heart(QtCore.QObject):
    """Beats on the thread of the window; the longest time between two beats is what a user waits.

    In seconds of this process on processors, all threads together: where others use the machine too, time on the clock
    is also theirs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.process_time()
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(1)

    def _beat(self) -> None:
        now = time.process_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def skip(self) -> None:
        """What was done since the last beat is not the window's."""
        self._last = time.process_time()

    def since(self) -> float:
        """The longest wait since the last call."""
        self._beat()
        longest, self.longest = self.longest, 0.0
        return longest


def large_pair(shape: tuple[int, int, int]) -> tuple[slicer.vtkMRMLNode, slicer.vtkMRMLNode]:
    """An MRI of that shape (k, j, i), and a PET of 4 mm that is tilted: heads of smooth shells."""
    from slicer_cases import grid, turned, volume

    nodes = []
    for name, size, step, turn in (("large MRI", shape, 0.6, None), ("PET", (60, 60, 60), 4.0, turned((0, 0, 1), 10))):
        center = [-step * (n - 1) / 2 for n in size[::-1]]
        axes = [step * (np.arange(n, dtype=np.float32) - (n - 1) / 2) for n in size]
        r = np.sqrt((axes[0][:, None, None] / 90) ** 2 + (axes[1][:, None] / 105) ** 2 + (axes[2] / 85) ** 2)
        values = np.where(r < 1, 600 + 400 * np.sin(9 * r), 0).astype(np.int16 if turn is None else np.float32)
        matrix = grid((step, step, step), center, turn)
        if turn is not None:
            matrix[:3, 3] = turn[:3, :3] @ center
        nodes.append(volume(name, values, matrix))
        nodes[-1].CreateDefaultDisplayNodes()  # as a volume that was loaded has it
    return nodes[0], nodes[1]


def until(heart: Heart, condition: Callable[[], bool]) -> tuple[float, float]:
    """Longest wait and whole time until something holds."""
    heart.since()
    start = time.monotonic()
    while not condition():
        slicer.app.processEvents()
    return heart.since(), time.monotonic() - start


def main(shape: tuple[int, int, int]) -> None:
    """Print the figures."""
    QtWidgets.QApplication([])
    from states import close, panel

    widget = panel()
    ui, p = widget.ui, widget._parameterNode
    mr, pet = large_pair(shape)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    heart = Heart()
    widget._checked = widget.alignmentKey()
    steps = {"Apply": (ui.applyButton.click, lambda: widget._running is None and p.fusedVolume is not None)}
    steps["Strength, first time"] = (lambda: setattr(ui.strengthSlider, "value", 0.4), None)
    steps["Strength, again"] = (lambda: setattr(ui.strengthSlider, "value", 0.8), None)
    steps["Threshold"] = (lambda: setattr(ui.thresholdSpinBox, "value", 400.0), None)
    print(f"{' x '.join(map(str, shape[::-1]))} voxels ({np.prod(shape) / 1e6:.0f} million)")
    for name, (act, over) in steps.items():
        heart.since()
        act()
        clicked = heart.since()
        from PETMRFusionLib import record

        done = over or (lambda: widget._coloring is None and record.look_of(p.fusedVolume) == widget.wantedLook())
        waited, whole = until(heart, done)
        print(f"{name}: longest wait {max(clicked, waited):.2f} s, whole {whole:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of Slicer's process: {before:.0f} MB before Apply, {peak:.0f} MB at most")
    print(f"memory of the worker: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB at most")
    close(widget)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:4])) if len(sys.argv) > 3 else (320, 384, 384))
