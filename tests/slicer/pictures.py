"""Make the pictures of the extension: ``slicer_module/Screenshots`` and the icons.

    python tests/slicer/run.py 5.12.4.0 --co -q     # makes the environment
    .venv-slicer-5.12.4.0-py311/bin/python tests/slicer/pictures.py

The widget is drawn by our stand-ins ("harness preview"), the slices by Slicer's own pipeline; the head is generated.
To be run again when the light model changes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import slicer
from PIL import Image, ImageDraw, ImageFont
from PySide6 import QtWidgets

import conftest  # noqa: F401  (puts the stand-ins in place)
import slicer_app

EXTENSION = Path(__file__).resolve().parents[2] / "slicer_module"
SIDE, BAND = 420, 34


def main() -> None:
    """Fuse the generated head with the widget, and take pictures."""
    application = QtWidgets.QApplication([])
    slicer_app.fresh_scene()
    import PETMRFusion
    from PETMRFusionLib.logic import PETMRFusionLogic
    from PETMRFusionLib.runtime import PythonRuntime
    from slicer_cases import head_nodes

    widget = PETMRFusion.PETMRFusionWidget()
    widget.setup()
    widget.logic = PETMRFusionLogic(PythonRuntime(sys.executable))
    widget.enter()
    widget.parent.resize(470, 860)
    widget.parent.show()
    mr, pet = head_nodes(1.5)
    widget.ui.mrSelector.setCurrentNode(mr)
    widget.ui.petSelector.setCurrentNode(pet)
    widget.ui.applyButton.click()
    while widget._running is not None or widget._parameterNode.fusedVolume is None:
        application.processEvents()
        time.sleep(0.01)
    for _ in range(20):
        application.processEvents()
    shots = EXTENSION / "Screenshots"
    shots.mkdir(exist_ok=True)
    widget.parent.grab().save(str(shots / "widget.png"))
    caption(Image.open(shots / "widget.png"), "harness preview: drawn by stand-ins, not by Slicer").save(
        shots / "widget.png"
    )
    views = [slices(name) for name in ("FusionMRI", "FusionPET", "FusionColor")]
    row = Image.fromarray(np.concatenate([view[..., :3] for view in views], axis=1))
    caption(
        row, "MRI, PET and fusion of a generated head: slices from Slicer's own pipeline, layout by stand-ins"
    ).save(shots / "side-by-side.png", optimize=True)
    icon(views[2])
    widget.cleanup()
    widget.uiWidget.setMRMLScene(None)


def slices(name: str) -> np.ndarray:
    """The pixels of a view, a little above the middle of the head."""
    from slice_pixels import pixels

    logic = slicer.app.layouts.view(name)
    logic.GetSliceNode().SetDimensions(SIDE, SIDE, 1)
    logic.ResizeSliceNode(SIDE, SIDE)
    logic.FitSliceToBackground()
    logic.GetSliceNode().JumpSliceByOffsetting(0, 0, 12)
    return pixels(logic).copy()


def caption(picture: Image.Image, text: str) -> Image.Image:
    """A line under the picture that says what it is."""
    out = Image.new("RGB", (picture.width, picture.height + BAND), "white")
    out.paste(picture.convert("RGB"))
    font = ImageFont.load_default(max(11, min(16, picture.width // 42)))
    ImageDraw.Draw(out).text((8, picture.height + 8), text, fill="black", font=font)
    return out


def icon(view: np.ndarray) -> None:
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
    for target in (
        EXTENSION / "PETMRFusion.png",
        EXTENSION / "PETMRFusion" / "Resources" / "Icons" / "PETMRFusion.png",
    ):
        small.save(target, optimize=True)


if __name__ == "__main__":
    main()
