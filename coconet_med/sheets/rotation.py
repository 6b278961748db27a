"""The maximum projection of the uptake, turned about the axis of the body."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from coconet_med.color.coding import compose
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.legend import legend, with_legend
from coconet_med.color.look import faded, scaled_threshold
from coconet_med.errors import OptionError
from coconet_med.report.units import figure, units_of

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Frames of one turn, voxels along the longest side, height of a frame in pixels.
FRAMES, VOXELS, HEIGHT = 36, 160, 384
_INK = (235, 235, 235)
#: From where one looks, by quarters of the turn.
_FROM = ("anterior", "left", "posterior", "right")


def rotation(result: FusionResult, *, frames: int = FRAMES, height: int = HEIGHT) -> list[np.ndarray]:
    """Maximum projections of the uptake from all around, the first one from in front, then from the patient's left.

    Every pixel is the highest uptake along its line of sight, in the window and the colors of the result; lightness
    follows the uptake, there is no anatomy in it; below the threshold of the result it is black.

    Args:
        result: a volume.
        frames: of one turn.
        height: of a frame in pixels.

    Returns:
        Frames with the legend, RGB ``uint8``, all of one size.

    Raises:
        OptionError: the result is a picture, its palette is unknown, or the number of frames is out of range.
    """
    if result.anatomy.planar or result.function.color is not None:
        raise OptionError(f"{result.function.name}: --rotation is for volumes of uptake")
    if not 4 <= frames <= 720:
        raise OptionError(f"a rotation has 4 to 720 frames, not {frames}")
    cube = _upright(result.function.image)
    colormap = result.colormap or "gray"
    signed = get_colormap(colormap).kind == "diverging"
    threshold = scaled_threshold(result.threshold, result.window) if result.threshold else None
    # A legend of its own: a projection has neither the contour lines of the result nor its lightness.
    bar = legend(
        colormap,
        result.window.low,
        result.window.high,
        units_of(result),
        height=height,
        caption="",
        projected=True,
        threshold=threshold,
        notes=[f"from {'±' if signed else ''}{figure(result.threshold)} on"] if result.threshold else [],
    )
    out = []
    for number in range(frames):
        shares = result.window.apply(_projected(cube, 2 * math.pi * number / frames, signed=signed))
        if threshold is not None:
            shares = faded(shares, threshold)
        picture = compose(np.abs(shares), shares, colormap=colormap)
        spacing = cube.GetSpacing()
        size = round(height * picture.shape[1] * spacing[0] / (picture.shape[0] * spacing[2])), height
        frame = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
        seen = _FROM[round(4 * number / frames) % 4]
        ImageDraw.Draw(frame).text((6, 4), f"from {seen}", _INK, ImageFont.load_default(14))
        out.append(with_legend(np.asarray(frame), bar))
    return out


def _upright(image: sitk.Image) -> sitk.Image:
    """The image on a cube of voxels along the axes of the body, around its middle, large enough for any turn."""
    corners = [
        image.TransformContinuousIndexToPhysicalPoint(
            [c * n - 0.5 for c, n in zip(corner, image.GetSize(), strict=True)]
        )
        for corner in np.ndindex(2, 2, 2)
    ]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    middle, extent = (low + high) / 2, high - low
    across = float(np.hypot(extent[0], extent[1]))
    step = max(across, extent[2]) / VOXELS
    size = [max(2, math.ceil(across / step)), max(2, math.ceil(across / step)), max(2, math.ceil(extent[2] / step))]
    origin = [float(m - (n - 1) / 2 * step) for m, n in zip(middle, size, strict=True)]
    coarse = image
    finest = min(image.GetSpacing())
    if step > finest:  # lest small findings fall between the voxels
        coarse = sitk.SmoothingRecursiveGaussian(sitk.Cast(image, sitk.sitkFloat32), 0.35 * step)
    grid = sitk.Image(size, sitk.sitkFloat32)
    grid.SetOrigin(origin)
    grid.SetSpacing([step] * 3)
    return sitk.Resample(coarse, grid, sitk.Transform(), sitk.sitkLinear, 0.0)


def _projected(cube: sitk.Image, angle: float, *, signed: bool) -> np.ndarray:
    """Highest values along the lines of sight (of signed values the one farthest from 0), rows from superior down."""
    middle = cube.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in cube.GetSize()])
    turn = sitk.Euler3DTransform(middle, 0.0, 0.0, angle)
    turned = sitk.GetArrayFromImage(sitk.Resample(cube, cube, turn, sitk.sitkLinear, 0.0))
    high = turned.max(axis=1)
    if signed:
        low = turned.min(axis=1)
        high = np.where(-low > high, low, high)
    return high[::-1]
