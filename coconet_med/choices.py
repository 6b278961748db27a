"""Options that cannot be served are refused before any image is read, however the fusion is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from coconet_med.align import RegisterMode
from coconet_med.colormaps import get_colormap
from coconet_med.errors import OptionError
from coconet_med.slices import Plane

DICOM_FORMS = ("sc", "enhanced", "gray")


def check_choices(
    *,
    register: str,
    plane: str,
    colormap: str,
    window: tuple[float, float] | None,
    strength: float,
    palette: str | Path | None = None,
) -> None:
    """Refuse options of :func:`coconet_med.fuse` that no pair can take.

    Raises:
        OptionError: an unknown name, a window that does not rise, a strength outside [0, 1], or a palette that cannot
            be read.
    """
    one_of("--register", register, get_args(RegisterMode))
    one_of("--plane", plane, ("auto", *get_args(Plane)))
    if colormap != "auto":
        get_colormap(colormap)
    if window is not None:
        low, high = window
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise OptionError(f"--window {low:g} {high:g}: give two finite numbers, the lower one first")
    if not 0 <= strength <= 1:
        raise OptionError(f"strength {strength:g}: give a number from 0 (anatomy alone) to 1 (full fusion)")
    if palette is not None:
        from coconet_med.palettes import load_palette

        load_palette(palette)


def check_dicom_output(anatomy: Path, dicom_form: str, *, dicom: bool, target: str) -> None:
    """Refuse a DICOM result of an anatomy without DICOM headers, and a DICOM form of another result.

    Args:
        anatomy: file or folder.
        dicom_form: what ``--dicom-form`` says.
        dicom: whether the result is to be DICOM.
        target: what asks for DICOM, for the message.

    Raises:
        OptionError: the two do not go together.
    """
    one_of("--dicom-form", dicom_form, DICOM_FORMS)
    if not dicom and dicom_form != "sc":
        raise OptionError(f"--dicom-form {dicom_form}: is for DICOM results, {target} is none; leave it out")
    if dicom and anatomy.is_file():
        from coconet_med.readers.files import is_dicom, is_dicomdir

        if not is_dicom(anatomy) and not is_dicomdir(anatomy) and anatomy.suffix.lower() not in (".dcm", ".ima"):
            msg = (
                f"{target}: asks for DICOM, but {anatomy} has no DICOM headers to go on from; end the name in .nii.gz, "
            )
            raise OptionError(f"{msg}.nrrd, .mha or .png, or give the DICOM series of the anatomy")


def one_of(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise OptionError(f"{option} {value}: choose {', '.join(choices[:-1])} or {choices[-1]}")
