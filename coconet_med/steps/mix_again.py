"""A fusion again, with another look, from its field and its sources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from coconet_med.color.look import Look
from coconet_med.errors import OptionError
from coconet_med.options import FuseOptions
from coconet_med.slices import slicing_of_source
from coconet_med.steps.painting import flat, luminance_again, paint
from coconet_med.steps.prepare import threshold_in_units
from coconet_med.steps.windows import window_of

if TYPE_CHECKING:
    import SimpleITK as sitk

    from coconet_med.color.colormaps import ColormapChoice
    from coconet_med.result import FusionResult
    from coconet_med.windowing.presets import WindowChoice
    from coconet_med.windowing.window import Window


def mix_again(
    result: FusionResult,
    *,
    strength: float | None = None,
    colormap: str | None = None,
    lightness: float | None = None,
    threshold: float | str | None = None,
    window: WindowChoice = None,
    anatomy_window: WindowChoice = None,
) -> FusionResult:
    """The same fusion, weaker or stronger, in other colors or windows: from field and sources, without the network.

    Args:
        result: of :func:`fuse`, by a network that gives a field (all released ones do).
        strength: linear weight between anatomy alone (0) and the full fusion (1); as it was by default.
        colormap: as it was by default.
        lightness: of the lightness alone, see :func:`fuse`; as it was by default.
        threshold: see :func:`fuse`; as it was by default, and 0 for none.
        window: of the functional image, see :func:`fuse`; as it was by default.  Colors are those that fusing with it
            gives; lightness is mixed by the field that the network chose for the earlier window.
        anatomy_window: of the anatomical image, likewise.

    Raises:
        OptionError: the result has no field, or an option is wrong.
    """
    if result.field is None:
        msg = f"{result.anatomy.name}: was fused by a network without a field; fuse again with the wanted options"
        raise OptionError(msg)
    strength = result.strength if strength is None else strength
    colormap = colormap or result.colormap or "uptake"
    lightness = result.lightness if lightness is None else lightness
    FuseOptions(
        colormap=cast("ColormapChoice", colormap),  # checked here
        window=window,
        anatomy_window=anatomy_window,
        strength=strength,
        lightness=lightness,
        threshold=threshold,
    ).validate()
    first, second = result.anatomy, result.function
    slicing = slicing_of_source(first, result.plane)
    kept = result.kept
    windows = _other_windows(result, window, anatomy_window)
    least = result.threshold if threshold is None else threshold_in_units(threshold, second, windows[1])
    if (colormap == "diverging") != result.window.signed and not kept:
        how = "diverging, the map of values of both signs" if result.window.signed else "any other map than diverging"
        raise OptionError(f"--colormap {colormap}: this fusion needs {how}; fuse again for another one")
    look = Look(colormap, strength, lightness).with_threshold(least, windows[1])
    made = paint(first, second, result.alignment, windows, slicing, look, kept, field=result.field)
    mixed = replace(
        result,
        color=flat(made.color, first),
        kept_luminance=None if made.luminance is None else flat(made.luminance, first),
        anatomy_window=windows[0],
        window=windows[1],
        strength=strength,
        lightness=lightness,
        threshold=least,
        colormap=None if kept else colormap,
        field=made.field,
        contours=None,
    )
    if result.contours is None:
        return mixed
    from coconet_med.sheets.contours import with_contours

    return with_contours(mixed, result.contours.levels, over=result.contours.over)


def luminance_of(result: FusionResult) -> sitk.Image:
    """The luminance of a result that did not keep it, by its field."""
    assert result.field is not None
    first, second = result.anatomy, result.function
    slicing = slicing_of_source(first, result.plane)
    windows = result.anatomy_window, result.window
    look = Look(result.colormap or "uptake", result.strength, result.lightness)
    look = look.with_threshold(result.threshold, result.window)
    made = luminance_again(first, second, result.alignment, windows, slicing, look, field=result.field)
    return flat(made, first)


def _other_windows(result: FusionResult, window: WindowChoice, anatomy_window: WindowChoice) -> tuple[Window, Window]:
    """The windows of the anatomical and the functional image of a result, those changed that are given."""
    anatomy, function = result.anatomy_window, result.window
    if anatomy_window is not None:
        anatomy = window_of(result.anatomy, "anatomy", given=anatomy_window)
    if window is not None:
        function = window_of(result.function, "function", given=window, signed=function.signed)
    return anatomy, function
