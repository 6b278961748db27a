"""Make the pictures of the extension: screenshots of the tutorial, thumbnails of the samples, and the icons.

    python tests/slicer/run.py 5.12.4.0 --co -q     # makes the environment
    .venv-slicer-5.12.4.0-py311/bin/python tests/slicer/pictures.py

The panel is drawn by our stand-ins ("harness preview"), the slices by Slicer's own pipeline; the heads are the samples
of the extension.  To be run again when the light model or the panel changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PIL import Image, ImageDraw, ImageFont
from PySide6 import QtWidgets

import conftest  # noqa: F401  (puts the stand-ins in place)
from states import close, panel, settle

EXTENSION = Path(__file__).resolve().parents[2] / "slicer_module"
RESOURCES = EXTENSION / "PETMRFusion" / "Resources"
SHOTS = EXTENSION / "Screenshots"
SIDE, BAND, ABOVE = 420, 34, 14

#: Uptake that is shown in one of the pictures: gray matter is above it, white matter below.
THRESHOLD = 10000.0

HARNESS = "harness preview: drawn by stand-ins, not by Slicer"
PIPELINE = "slices from Slicer's own pipeline, layout by stand-ins"


def main() -> None:
    """Go through the tutorial, and take pictures."""
    QtWidgets.QApplication([]).setStyle("Fusion")
    SHOTS.mkdir(exist_ok=True)
    widget = with_sample("Head: MRI and PET")
    apply(widget)
    shot(widget, "widget.png")
    fused = row(("FusionMRI", "FusionPET", "FusionColor"))
    save(caption(fused, f"MRI, PET and fusion of the sample head: {PIPELINE}"), "side-by-side.png")
    icon(slices("FusionColor"), EXTENSION / "PETMRFusion.png", RESOURCES / "Icons" / "PETMRFusion.png")
    icon(slices("FusionColor"), RESOURCES / "Icons" / "HeadThumbnail.png")
    widget.ui.lightnessSlider.value = 0.0
    settle(lambda: colored(widget))
    plain = slices("FusionColor")
    widget.ui.lightnessSlider.value = 1.0
    widget.ui.thresholdSpinBox.value = THRESHOLD
    settle(lambda: colored(widget))
    both = np.concatenate([plain[..., :3], slices("FusionColor")[..., :3]], axis=1)
    save(caption(Image.fromarray(both), f"Lightness 0; and shown from {THRESHOLD:g} on: {PIPELINE}"), "live.png")
    close(widget)
    widget = with_sample("Head: patient moved")
    slicer.util.confirmYesNoDisplay = lambda *ignored: True
    apply(widget)
    before = slices("FusionColor")
    icon(before, RESOURCES / "Icons" / "MovedHeadThumbnail.png")
    shot(widget, "alignment-warning.png")
    widget.ui.registerButton.click()
    settle(lambda: widget._running is None)
    widget.ui.applyButton.click()
    settle(lambda: widget._running is None)
    both = np.concatenate([before[..., :3], slices("FusionColor")[..., :3]], axis=1)
    save(caption(Image.fromarray(both), f"The patient moved: as scanned, and registered; {PIPELINE}"), "registered.png")
    close(widget)


def with_sample(name: str) -> Any:
    """A panel with the volumes of a sample chosen."""
    from PETMRFusionLib.sample import SAMPLES

    widget = panel()
    nodes = []
    for file, title in SAMPLES[name].items():
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", title)
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(str(RESOURCES / "SampleData" / file))
        assert storage.ReadData(node)
        node.CreateDefaultDisplayNodes()
        nodes.append(node)
    widget.ui.mrSelector.setCurrentNode(nodes[0])
    widget.ui.petSelector.setCurrentNode(nodes[1])
    return widget


def colored(widget: Any) -> bool:
    """Whether the picture is as the sliders say."""
    from PETMRFusionLib.record import look_of

    return widget._coloring is None and look_of(widget._parameterNode.fusedVolume) == widget.wantedLook()


def apply(widget: Any) -> None:
    """Click, and wait for the picture."""
    widget.ui.applyButton.click()
    settle(lambda: widget._running is None and widget._parameterNode.fusedVolume is not None)


def shot(widget: Any, name: str) -> None:
    """A picture of the panel."""
    settle()
    widget.parent.grab().save(str(SHOTS / name))
    save(caption(Image.open(SHOTS / name), HARNESS), name)


def row(names: tuple[str, ...]) -> Image.Image:
    """Views side by side."""
    return Image.fromarray(np.concatenate([slices(name)[..., :3] for name in names], axis=1))


def slices(name: str) -> np.ndarray:
    """The pixels of a view, a little above the middle of the head."""
    from slice_pixels import pixels

    logic = slicer.app.layouts.view(name)
    logic.GetSliceNode().SetDimensions(SIDE, SIDE, 1)
    logic.ResizeSliceNode(SIDE, SIDE)
    logic.FitSliceToBackground()
    logic.GetSliceNode().JumpSliceByOffsetting(0, 0, ABOVE)
    return pixels(logic).copy()


def save(picture: Image.Image, name: str) -> None:
    """Without a loss: colors are what the pictures are about."""
    picture.convert("RGB").save(SHOTS / name, optimize=True)


def caption(picture: Image.Image, text: str) -> Image.Image:
    """A line under the picture that says what it is."""
    out = Image.new("RGB", (picture.width, picture.height + BAND), "white")
    out.paste(picture.convert("RGB"))
    font = ImageFont.load_default(max(11, min(16, picture.width // 42)))
    ImageDraw.Draw(out).text((8, picture.height + 8), text, fill="black", font=font)
    return out


def icon(view: np.ndarray, *targets: Path) -> None:
    """The fused slice, cut to the head, as icon with transparent surroundings."""
    lit = view[..., :3].max(axis=-1) > 20
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    half = max(np.ptp(rows), np.ptp(columns)) // 2 + 6
    row, column = (int(axis[[0, -1]].mean()) for axis in (rows, columns))
    cut = Image.fromarray(view[..., :3]).crop((column - half, row - half, column + half, row + half))
    small = cut.resize((128, 128), Image.Resampling.LANCZOS)
    mask = Image.new("L", (512, 512))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 511, 511), 90, fill=255)
    small.putalpha(mask.resize((128, 128), Image.Resampling.LANCZOS))
    for target in targets:
        small.save(target, optimize=True)


if __name__ == "__main__":
    main()
