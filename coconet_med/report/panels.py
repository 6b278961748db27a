"""The pictures of a report: anatomy, function, fusion, and anatomical edges over the function, in each plane."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PIL import Image

from coconet_med.report.edges import thin_edges
from coconet_med.report.marks import with_bar, with_sides
from coconet_med.report.overview import alone, pixels_per_mm
from coconet_med.slices import Slicing, slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

PLANES = ("axial", "coronal", "sagittal")

#: Names of the panels of a plane, in their order on the page.
PANELS = ("anatomy", "function", "fused", "registration")

#: Size of the letters of the sides, as a share of a panel, whose size on the page follows that of the screen.
FONT = 1 / 14

_EDGE = np.array((0, 229, 255), np.uint8)


@dataclass(frozen=True)
class Cut:
    """One slice through all images, ready to be shown.

    Attributes:
        plane: ``"axial"``, ``"coronal"`` or ``"sagittal"``; empty for a picture.
        panels: RGB ``uint8`` pictures by name, pixels square; of a volume all planes have one size and one scale.
    """

    plane: str
    panels: dict[str, np.ndarray]


def cuts(result: FusionResult, *, size: int = 240) -> list[Cut]:
    """The slice through the middle of the uptake in each plane (of a picture the picture itself), all at one scale.

    Args:
        result: what to show.
        size: height of the highest panel in pixels.
    """
    planar = result.anatomy.planar
    slicings = [slicing_of_source(result.anatomy, p) for p in (PLANES[:1] if planar else PLANES)]
    scale = pixels_per_mm(result, slicings, size)
    # The page shows every panel as wide as its column: on squares of one size all planes keep one scale there.
    side = max(max(_shape(result, slicing, scale)) for slicing in slicings)
    font = max(11, round(FONT * side))
    found = []
    for slicing in slicings:
        index = middle_of_uptake(result, slicing, (0.5,))[0]
        panels = _panels(result, slicing, index, scale)
        if not planar:
            panels = {name: with_sides(_squared(rgb, side), slicing.plane, font=font) for name, rgb in panels.items()}
            panels[PANELS[0]] = with_bar(panels[PANELS[0]], scale, font=font)
        found.append(Cut("" if planar else slicing.plane, panels))
    return found


def middle_of_uptake(result: FusionResult, slicing: Slicing, shares: tuple[float, ...]) -> list[int]:
    """Indices of the slices below which the given shares of all uptake (above a quarter of the window) lie.

    Of a signed map it is the values farther than that from 0, on either side.
    """
    stack = slicing.stack(volume(result.uptake))
    window = result.window
    floor = 0.25 * window.high if window.signed else window.low + 0.25 * (window.high - window.low)
    sizes = (np.abs(plane) if window.signed else plane for plane in stack)
    weight = np.array([np.maximum(size - floor, 0).sum(dtype=np.float64) for size in sizes])
    if weight.sum() == 0:
        weight = np.ones(len(stack))
    below = np.cumsum(weight) / weight.sum()
    return [min(int(np.searchsorted(below, share)), len(stack) - 1) for share in shares]


def volume(image: sitk.Image) -> np.ndarray:
    """(k, j, i) or (k, j, i, 3) view of an image; a picture becomes a volume of one slice."""
    array = sitk.GetArrayViewFromImage(image)
    return array[None] if image.GetDimension() == 2 else array


def jpeg(rgb: np.ndarray) -> str:
    """A picture as ``data:`` URI, with full color resolution: halved, as is usual, small hot spots lose their color."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, format="JPEG", quality=82, subsampling=0, optimize=True)
    return _uri("image/jpeg", stream)


def png(rgb: np.ndarray) -> str:
    """A drawing as ``data:`` URI."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, format="PNG", optimize=True)
    return _uri("image/png", stream)


def _uri(kind: str, stream: io.BytesIO) -> str:
    return f"data:{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _panels(result: FusionResult, slicing: Slicing, index: int, scale: float) -> dict[str, np.ndarray]:
    shape = _shape(result, slicing, scale)
    anatomy = _gray(result.anatomy_window.apply(slicing.stack(volume(result.anatomy.image))[index]), shape)
    uptake = result.window.apply(slicing.stack(volume(result.uptake))[index])
    function = _gray(np.abs(uptake), shape)
    fused = _resized(np.ascontiguousarray(slicing.stack(volume(result.color))[index]), shape)
    outlined = np.repeat(function[..., None], 3, axis=-1)
    outlined[thin_edges(anatomy, sigma=max(shape) / 160)] = _EDGE
    colored = result.function.color if result.anatomy.planar else None  # a picture is shown in its own colors
    return {
        "anatomy": np.repeat(anatomy[..., None], 3, axis=-1),
        "function": _resized(volume(colored)[0] if colored else alone(uptake, signed=result.window.signed), shape),
        "fused": fused,
        "registration": outlined,
    }


def _shape(result: FusionResult, slicing: Slicing, scale: float) -> tuple[int, int]:
    """Rows and columns of a panel with square pixels."""
    _, row_mm, column_mm = slicing.spacing(result.anatomy.image)
    _, rows, columns = slicing.stack(volume(result.uptake)).shape
    return max(1, round(rows * row_mm * scale)), max(1, round(columns * column_mm * scale))


def _squared(rgb: np.ndarray, side: int) -> np.ndarray:
    """A panel in the middle of a black square."""
    rows, columns = rgb.shape[:2]
    top, left = (side - rows) // 2, (side - columns) // 2
    return np.pad(rgb, ((top, side - rows - top), (left, side - columns - left), (0, 0)))


def _gray(scaled: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return _resized(np.rint(255 * scaled).astype(np.uint8), shape)


def _resized(pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.array(Image.fromarray(pixels).resize(shape[::-1], Image.Resampling.BICUBIC))
