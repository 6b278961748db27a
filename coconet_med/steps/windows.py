"""The windows of a pair, each of the whole image as it was read; whatever shows one of the two images takes it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import SimpleITK as sitk

from coconet_med.windowing.window import Window, window_for

if TYPE_CHECKING:
    import numpy as np

    from coconet_med.options import FuseOptions
    from coconet_med.source import Role, Source
    from coconet_med.windowing.presets import WindowChoice


def windows_of(anatomy: Source, function: Source, options: FuseOptions) -> tuple[Window, Window]:
    """Of anatomy and function.

    Raises:
        OptionError: see :func:`coconet_med.windowing.window.window_for`.
    """
    return window_of(anatomy, "anatomy", given=options.anatomy_window), function_window(function, options)


def function_window(function: Source, options: FuseOptions, *, values: np.ndarray | None = None) -> Window:
    """Of the functional image alone: the anatomy has no part in it.

    Args:
        function: in the units that were asked for.
        options: those of window and color are taken.
        values: see :func:`window_of`.

    Raises:
        OptionError: see :func:`coconet_med.windowing.window.window_for`.
    """
    # Colors that are kept know no sign.  A map that was named decides: only a diverging one shows both signs.
    kept = options.color == "source" or function.color is not None
    signed = False if kept else None if options.colormap == "auto" else options.colormap == "diverging"
    return window_of(function, "function", given=options.window, signed=signed, values=values)


def window_of(
    source: Source,
    role: Role,
    *,
    given: WindowChoice = None,
    signed: bool | None = None,
    values: np.ndarray | None = None,
) -> Window:
    """Of one image.

    Args:
        source: the image.
        role: which of the two images it is.
        given: limits or a preset, see :func:`coconet_med.windowing.window.window_for`.
        signed: whether it is shown as a map of both signs, likewise.
        values: of any shape, instead of its own: those of all frames of a dynamic series, which share a window.

    Raises:
        OptionError: see :func:`coconet_med.windowing.window.window_for`.
    """
    own = sitk.GetArrayViewFromImage(source.image) if values is None else values
    return window_for(source, own, role, given=given, signed=signed)
