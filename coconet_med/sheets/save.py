"""Write a mosaic or a rotation to a file; whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.sheets.mosaic import PER_PAGE, mosaic
from coconet_med.sheets.rotation import rotation
from coconet_med.writers.atomic import write_together
from coconet_med.writers.inputs import spare_sources
from coconet_med.writers.pictures import check_moving, check_pages, write_moving, write_pages
from coconet_med.writers.targets import check_file

if TYPE_CHECKING:
    from coconet_med.result import FusionResult


def write_mosaic(
    result: FusionResult, path: Path, *, plane: str = "auto", slices: int = 24, overwrite: bool = False
) -> Path:
    """Write the mosaic of a volume: a PDF has pages of 24 slices, PNG, JPEG and TIFF hold all in one picture.

    Args:
        result: what to show.
        path: its suffix decides the format.
        plane: see :func:`coconet_med.sheets.mosaic.mosaic`.
        slices: likewise.
        overwrite: replace what is there.

    Raises:
        WriteError: the format is unknown, something is there already, or the place cannot be written.
        OptionError: see :func:`coconet_med.sheets.mosaic.mosaic`.
    """
    check_pages(path)
    check_file(path, overwrite=overwrite)
    spare_sources(result, path)
    contact = PER_PAGE if path.suffix.lower() == ".pdf" else max(1, slices)
    pages = mosaic(result, plane=plane, slices=slices, contact=contact)
    return write_together([(path, lambda part: write_pages(pages, part))], overwrite=overwrite)[0]


def write_rotation(result: FusionResult, path: Path, *, overwrite: bool = False) -> Path:
    """Write the turning maximum projection of a volume as GIF, or by ffmpeg as MP4.

    Raises:
        WriteError: another format, no ffmpeg, something is there already, or the place cannot be written.
        OptionError: see :func:`coconet_med.sheets.rotation.rotation`.
    """
    check_moving(path)
    check_file(path, overwrite=overwrite)
    spare_sources(result, path)
    frames = rotation(result)
    return write_together([(path, lambda part: write_moving(frames, part))], overwrite=overwrite)[0]
