"""Options that cannot be served are refused before any image is read, however the fusion is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from coconet_med.align import RegisterMode
from coconet_med.color.colormaps import get_colormap
from coconet_med.errors import OptionError
from coconet_med.slices import Plane
from coconet_med.windowing.presets import WindowChoice, parse_window

DICOM_FORMS = ("sc", "enhanced", "gray", "navigation")
DICOM_LEGENDS = ("own", "series", "margin", "none")


def check_choices(
    *,
    register: str,
    plane: str,
    colormap: str,
    window: WindowChoice,
    strength: float,
    anatomy_window: WindowChoice = None,
    lightness: float = 1.0,
    threshold: float | str | None = None,
    palette: str | Path | None = None,
) -> None:
    """Refuse options of :func:`coconet_med.fuse` that no pair can take.

    Raises:
        OptionError: an unknown name, a window that does not rise, a strength or lightness outside [0, 1], a threshold
            below 0, or a palette that cannot be read.
    """
    one_of("--register", register, get_args(RegisterMode))
    one_of("--plane", plane, ("auto", *get_args(Plane)))
    if colormap != "auto":
        get_colormap(colormap)
    parse_window("--window", window)
    parse_window("--anatomy-window", anatomy_window, anatomy=True)
    parse_threshold(threshold if threshold is not None else 0)
    if not 0 <= strength <= 1:
        raise OptionError(f"strength {strength:g}: give a number from 0 (anatomy alone) to 1 (full fusion)")
    if not 0 <= lightness <= 1:
        raise OptionError(
            f"--lightness {lightness:g}: give a number from 0 (the gray of the anatomy) to 1 (fused lightness)"
        )
    if palette is not None:
        from coconet_med.color.known_palettes import KEEP
        from coconet_med.color.palettes import load_palette

        if palette != KEEP:
            load_palette(palette)


def parse_threshold(threshold: float | str) -> tuple[float, bool]:
    """The number of a threshold, and whether it is in percent of the maximum.

    Raises:
        OptionError: it is no number, negative, or over 100 %.
    """
    text = str(threshold).strip()
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0) or (percent and value > 100):
        raise OptionError(f"--threshold {text}: give uptake in the units of the image, or 0% to 100% of its maximum")
    return value, percent


def check_dicom_output(anatomy: Path, dicom_form: str, *, dicom: bool, target: str, legend: str = "own") -> None:
    """Refuse a DICOM result of an anatomy without DICOM headers, and a DICOM form of another result.

    Args:
        anatomy: file or folder.
        dicom_form: what ``--dicom-form`` says.
        dicom: whether the result is to be DICOM.
        target: what asks for DICOM, for the message.
        legend: what ``--dicom-legend`` says.

    Raises:
        OptionError: the two do not go together.
    """
    one_of("--dicom-form", dicom_form, DICOM_FORMS)
    one_of("--dicom-legend", legend, DICOM_LEGENDS)
    if not dicom and legend != "own":
        raise OptionError(f"--dicom-legend {legend}: is for DICOM results, {target} is none; leave it out")
    if not dicom and dicom_form != "sc":
        raise OptionError(f"--dicom-form {dicom_form}: is for DICOM results, {target} is none; leave it out")
    if dicom and anatomy.is_file():
        from coconet_med.readers.files import is_dicom, is_dicomdir

        if not is_dicom(anatomy) and not is_dicomdir(anatomy) and anatomy.suffix.lower() not in (".dcm", ".ima"):
            msg = (
                f"{target}: asks for DICOM, but {anatomy} has no DICOM headers to go on from; end the name in .nii.gz, "
            )
            raise OptionError(f"{msg}.nrrd, .mha, .png, .jpg or .tiff, or give the DICOM series of the anatomy")


def one_of(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise OptionError(f"{option} {value}: choose {', '.join(choices[:-1])} or {choices[-1]}")
