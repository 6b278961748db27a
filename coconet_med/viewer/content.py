"""What of a result goes into the page: numbers in a small document, images as plain arrays beside it.

The page mixes voxels itself, in float32 and in the order of the operations here, so everything that a voxel depends on
goes along exactly: values of the sources, the field, the windows, and the curves of the color maps.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med.color import bt601
from coconet_med.color.colormap import STEPS
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.look import DIMMED, FADE_FROM, STRIPE, beyond_field_of_view, no_data_kinds
from coconet_med.geometry import affine_of
from coconet_med.slices import Slicing, slicing_of, slicing_of_source
from coconet_med.system.printable import printable
from coconet_med.windowing.levels import BLACK, LIT

if TYPE_CHECKING:
    from coconet_med.result import FusionResult
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window

#: Types of whole numbers, smallest first, as which an image may travel if it loses nothing.
_WHOLE = (np.uint8, np.int16, np.uint16)


@dataclass(frozen=True)
class Content:
    """A page's content.

    Attributes:
        document: plain JSON types.
        parts: arrays by name, C order, (k, j, i, ...) as everywhere: ``anatomy``, ``uptake``, ``field`` (S, 3, h, w),
            ``nodata`` (kinds of :func:`coconet_med.color.look.no_data_kinds`), ``color`` (those of the fused file).
    """

    document: dict[str, Any]
    parts: dict[str, np.ndarray] = field(default_factory=dict)


def content_of(result: FusionResult, *, name: str = "fused") -> Content:
    """The content of a page that shows a result.

    Args:
        result: of :func:`coconet_med.fuse`.
        name: of the fused file, or what else to call it.
    """
    anatomy, uptake = (_volume(image) for image in (result.anatomy.image, result.uptake))
    color = sitk.GetArrayFromImage(result.color).reshape(*anatomy.shape, 3)
    why_fixed = _why_fixed(result)
    slicing = slicing_for(result)
    document = {
        **document_of(result.anatomy.image, planar=result.anatomy.planar, name=name),
        "fixed": why_fixed,
        "slicing": _mapping(slicing),
        "anatomy": _source(result.anatomy, result.anatomy_window, anatomy),
        "uptake": _source(result.function, result.window, uptake),
        "look": {
            "colormap": None if result.contours else result.colormap,
            "strength": result.strength,
            "lightness": result.lightness,
            "threshold": result.threshold,
        },
        "warnings": [printable(warning) for warning in result.warnings],
        "crc": checks(color),
    }
    parts = {"anatomy": as_whole(anatomy), "uptake": as_whole(uptake)}
    beyond = _beyond(result)
    if beyond is not None:
        parts["nodata"] = beyond
    if why_fixed:
        parts["color"] = color
    else:
        assert result.field is not None
        stacks = [slicing.stack(volume) for volume in (anatomy, uptake)]
        document["tops"] = [stack.max(axis=(1, 2)).astype(float).tolist() for stack in stacks]
        if result.window.signed:
            lowest = stacks[1].min(axis=(1, 2)).astype(float)
            document["tops"][1] = np.maximum(document["tops"][1], -lowest).tolist()
        document["block"] = list(result.field.grid.block)
        parts["field"] = np.ascontiguousarray(result.field.values, np.float32)
    return Content(document | {"parts": described(parts)}, parts)


def document_of(image: sitk.Image, *, planar: bool, name: str) -> dict[str, Any]:
    """What a page needs to know of a grid, and the constants of the mixing."""
    size = [*image.GetSize(), 1][:3]
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    axial = slicing_of(image, plane="axial", planar=planar)
    return {
        "name": printable(name),
        "planar": planar,
        "size": size,
        "spacing": list(image.GetSpacing()),
        "affine": affine_of(image).tolist(),
        "display": _mapping(axial),
        "constants": {
            "dark": BLACK,
            "lit": LIT,
            "fade": FADE_FROM,
            "dimmed": DIMMED,
            "stripe": STRIPE,
            "steps": STEPS,
            "luma": bt601.LUMA.tolist(),
        },
        "colormaps": {
            name: {
                "kind": colormap.kind,
                "description": colormap.description,
                "cost": colormap.cost,
                "levels": colormap.levels.tolist(),
                **{curve: values.tolist() for curve, values in colormap.curves().items()},
            }
            for name, colormap in COLORMAPS.items()
        },
    }


def described(parts: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Type and shape of arrays, as a page reads them."""
    return {name: {"type": part.dtype.name, "shape": list(part.shape)} for name, part in parts.items()}


def as_whole(values: np.ndarray) -> np.ndarray:
    """The same values in the smallest type of whole numbers that holds them all, or in float32."""
    low, high = float(values.min()), float(values.max())
    for kind in _WHOLE:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            whole = values.astype(kind)
            if np.array_equal(whole, values):
                return whole
            break  # a larger type holds no fractions either
    return np.array(values, np.float32, order="C")  # a copy: a view of an image does not outlive it


def checks(color: np.ndarray) -> list[int]:
    """CRC-32 of each slice k of RGB voxels (k, j, i, 3): by them a page can tell whether its voxels are the file's."""
    return [zlib.crc32(part.tobytes()) for part in color]


def _why_fixed(result: FusionResult) -> str:
    """Why a result cannot be mixed again in the page; empty where it can."""
    if result.contours is not None:
        return "Lines of equal uptake are drawn: nothing can be mixed again, and no uptake can be read between them."
    if result.colormap is None:
        return "The picture keeps colors of its own instead of a color map's: nothing can be mixed again."
    if result.field is None:
        return "These weights give no field: nothing can be mixed again."
    return ""


def slicing_for(result: FusionResult) -> Slicing:
    """The slices that the network saw of a result."""
    source = result.anatomy
    return slicing_of_source(source, result.plane)


def _mapping(slicing: Slicing) -> dict[str, Any]:
    """How a stack's axes (slice, row, column) lie over those of an image: 0 is i, 1 is j, 2 is k."""
    return {
        "plane": slicing.plane,
        "axes": [2 - axis for axis in slicing.order],
        "flips": [position in slicing.flips for position in range(3)],
    }


def _beyond(result: FusionResult) -> np.ndarray | None:
    """Kinds of voxels (k, j, i) beyond the functional field of view; ``None`` where there are none."""
    anatomy, function = result.anatomy, result.function
    if anatomy.planar or function.planar:
        return None
    beyond = beyond_field_of_view(function.image, anatomy.image, result.alignment.transform)
    if beyond is None:
        return None
    slicing = slicing_for(result)
    kinds = np.zeros(beyond.shape, np.uint8)
    stack, there = slicing.stack(kinds), slicing.stack(beyond)
    for number in np.flatnonzero(there.any(axis=(1, 2))):
        stack[number] = no_data_kinds(there[number][None])[0]
    return kinds


def _source(source: Source, window: Window, values: np.ndarray) -> dict[str, Any]:
    return {
        "name": printable(source.name),
        "units": {"relative": ""}.get(window.units, printable(window.units)),
        "modality": source.modality or "",
        "window": [window.low, window.high],
        "signed": window.signed,
        "range": [float(values.min()), float(values.max())],
    }


def _volume(image: sitk.Image) -> np.ndarray:
    """(k, j, i) of a 2-D or 3-D image, a view."""
    values = sitk.GetArrayViewFromImage(image)
    return values if values.ndim == 3 else values[None]
