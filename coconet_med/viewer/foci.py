"""Foci of a result for its page: small findings of either source over all slices, those first that the fusion weakened.

A focus seen on several slices is one: the slice on which it is strongest stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med.quality.foci import LOST, Focus, foci_of
from coconet_med.slices import slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult
    from coconet_med.slices import Slicing

#: Foci whose centers lie nearer than the sum of their radii and so many mm are one.
_APART = 3.0

#: Most foci that are listed: nobody reads more.
MOST = 200


def list_foci(result: FusionResult, *, slices: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """The foci of a result.

    Args:
        result: of :func:`coconet_med.fuse`.
        slices: those of the stack that the network saw on which foci are looked for; all by default.

    Returns:
        Plain JSON types, those with the least ``kept`` first: ``source`` (``"anatomy"`` or ``"uptake"``), ``hot``,
        ``voxel`` (i, j, k), ``plane``, ``diameter`` in mm (pixels of a picture), ``contrast`` in its source and
        ``shown`` in the fused lightness (gray levels of 255, spot less ring), ``kept`` (their ratio, negative where
        reversed), ``lost``.
    """
    anatomy = result.anatomy
    slicing = slicing_of_source(anatomy, result.plane)
    stacks = [slicing.stack(_volume(image)) for image in (anatomy.image, result.uptake, result.luminance)]
    spacing = (1.0, 1.0, 1.0) if anatomy.planar else slicing.spacing(anatomy.image)
    found: list[dict[str, Any]] = []
    for number in range(len(stacks[0])) if slices is None else slices:
        first = 255.0 * result.anatomy_window.apply(stacks[0][number])
        second = 255.0 * np.abs(result.window.apply(stacks[1][number]))  # of a signed map how far from 0
        fused = 255.0 * np.asarray(stacks[2][number], np.float64)
        ct = result.function.modality == "CT"
        for focus in foci_of(first, second, spacing=spacing[1:], ct=ct) if second.any() else []:
            found.append(_described(focus, number, fused, slicing, stacks[0].shape, spacing))
    kept = sorted(_distinct(found, spacing), key=lambda focus: (focus["kept"], -abs(focus["contrast"])))
    return [{key: value for key, value in focus.items() if key != "at"} for focus in kept[:MOST]]


def _described(
    focus: Focus,
    number: int,
    fused: np.ndarray,
    slicing: Slicing,
    shape: tuple[int, ...],
    spacing: tuple[float, float, float],
) -> dict[str, Any]:
    sign = 1.0 if focus.hot else -1.0
    shown = float(focus.contrast_in(fused))
    at = (number, round(focus.center[0]), round(focus.center[1]))
    voxel = [0, 0, 0]
    for position, axis in enumerate(slicing.order):
        index = shape[position] - 1 - at[position] if position in slicing.flips else at[position]
        voxel[2 - axis] = int(index)
    pixel = float(np.sqrt(spacing[1] * spacing[2]))
    return {
        "source": "anatomy" if focus.source == "anatomy" else "uptake",
        "hot": bool(focus.hot),
        "voxel": voxel,
        "plane": slicing.plane,
        "diameter": round(2 * focus.radius * pixel, 1),
        "contrast": round(focus.contrast, 1),
        "shown": round(shown, 1),
        "kept": round(shown / focus.contrast, 3),
        "lost": bool(sign * shown <= LOST),
        "at": np.array(at) * spacing,
    }


def _distinct(found: list[dict[str, Any]], spacing: tuple[float, float, float]) -> list[dict[str, Any]]:
    """The strongest of each group of foci that are one finding on neighboring slices."""
    kept: list[dict[str, Any]] = []
    for focus in sorted(found, key=lambda focus: -abs(focus["contrast"])):
        for other in kept:
            if (other["source"], other["hot"]) != (focus["source"], focus["hot"]):
                continue
            reach = (focus["diameter"] + other["diameter"]) / 2 + max(_APART, spacing[0])
            if np.linalg.norm(focus["at"] - other["at"]) < reach:
                break
        else:
            kept.append(focus)
    return kept


def _volume(image: sitk.Image) -> np.ndarray:
    values = sitk.GetArrayViewFromImage(image)
    return values if values.ndim == 3 else values[None]
