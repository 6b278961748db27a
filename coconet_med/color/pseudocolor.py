"""Functional images that come in color: their levels by a palette that was given or recognized, else a warning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import SimpleITK as sitk

from coconet_med.color.known_palettes import KEEP, recognize
from coconet_med.color.palettes import load_palette
from coconet_med.color.unpainted import unpaint
from coconet_med.errors import OptionError, ReadError
from coconet_med.source import Source


def levels_of(function: Source, palette: str | Path | None) -> Source:
    """The functional image with its colors turned into the levels of their palette, where that is known.

    Args:
        function: in color or not.
        palette: as in :func:`coconet_med.fuse`.

    Raises:
        OptionError: a palette for an image without colors.
        ReadError: the image was painted with another palette.
    """
    if function.color is None:
        if palette in (None, KEEP):
            return function
        msg = f"{function.name}: --palette was given, but the functional image is not in color; leave it out"
        raise OptionError(msg)
    rgb = sitk.GetArrayViewFromImage(function.color)
    note, known = "", recognize(rgb) if palette is None else None
    if palette not in (None, KEEP):
        found, said = unpaint(rgb, load_palette(palette)), str(palette)
        note = found.words()
    elif known is not None:
        try:
            found, said = unpaint(rgb, known.table), known.name
        except ReadError:
            known = None
        else:
            note = f"was painted with the palette {said}, as its colors show; its levels were taken as uptake"
            note += f" ({found.words()})" if found.off else ""
            note += ": name another one with --palette, or keep the colors with --palette keep"
    if palette == KEEP or (palette is None and known is None):
        note = (
            f"{function.name}: is pseudo-color of unknown palette; its luminance was fused, its colors were kept, so "
            "uptake cannot be read back in order, and where the hottest color is darker than middling ones the hottest "
            "focus comes out darker than its surroundings: give --palette to recover it"
        )
        return replace(function, warnings=(*function.warnings, note))
    image = sitk.GetImageFromArray(found.level)
    image.CopyInformation(function.image)
    details = {**function.details, "display_range": [0, 1], "palette": said}
    if found.off:
        details["palette_deviation"] = {
            "share_off": found.off,
            "mean": found.mean_off,
            "largest": found.largest_off,
            "share_filled": found.filled,
        }
    warnings = (*function.warnings, f"{function.name}: {note}") if note else function.warnings
    return replace(function, image=image, color=None, details=details, warnings=warnings)
