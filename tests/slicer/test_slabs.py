"""The window never waits for a large volume."""

from __future__ import annotations

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime


def test_the_window_never_waits_for_a_large_volume(widget):
    """Writing orders, reading results, coloring anew: no piece is longer than 0.3 s of work, whatever the size."""
    from size import Heart, large_pair, until

    mr, pet = large_pair((128, 224, 224))
    ui, p = widget.ui, widget._parameterNode
    heart = Heart()

    class Elsewhere(AverageRuntime):
        """Works as in a process of its own: its time is not counted."""

        def start(self, folder, on_event):
            before = heart.since()
            try:
                return super().start(folder, on_event)
            finally:
                heart.skip()
                heart.longest = before

    widget.logic = PETMRFusionLogic(Elsewhere())
    ui.mrSelector.setCurrentNode(mr)
    ui.petSelector.setCurrentNode(pet)
    widget._checked = widget.alignmentKey()
    heart.since()
    ui.applyButton.click()
    waits = {"click": heart.since()}
    waits["apply"], _ = until(heart, lambda: widget._running is None and p.fusedVolume is not None)
    ui.strengthSlider.value = 0.4
    ui.thresholdSpinBox.value = 400.0
    waits["live"], _ = until(
        heart, lambda: widget._coloring is None and record.look_of(p.fusedVolume) == widget.wantedLook()
    )
    assert max(waits.values()) < 0.3, waits
