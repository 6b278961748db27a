"""PNG: the fused picture pixel by pixel for 2-D inputs, an overview in three planes for volumes; a legend with both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

_NOTE = "research use, not for diagnosis"


def encode(result: FusionResult, what: str) -> Callable[[Path], None]:
    """What writes one image of a result to a given path.

    ``"color"`` is the fused picture in its own size (for a volume the overview of :meth:`FusionResult.picture`);
    ``"legend"`` its color bar with units; ``"luminance"`` and ``"uptake"`` are float TIFF.
    """
    import SimpleITK as sitk

    if what == "color":
        flat = result.color.GetDimension() == 2
        pixels = sitk.GetArrayFromImage(result.color) if flat else result.picture()
        return lambda path: write_png(pixels, path)
    if what == "legend":
        return lambda path: write_png(_legend(result), path)
    image = getattr(result, what)
    return lambda path: sitk.WriteImage(image, str(path))


def write_png(rgb: np.ndarray, path: Path) -> None:
    """Write an RGB ``uint8`` array (rows, columns, 3) as PNG."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Description", f"coconet-med; {_NOTE}")
    Image.fromarray(rgb).save(path, format="PNG", pnginfo=info)


def _legend(result: FusionResult) -> np.ndarray:
    from coconet_med.report.overview import legend_of

    return legend_of(result, height=max(256, result.color.GetSize()[1]))
