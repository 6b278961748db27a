"""Options that would fail every case are refused before the first one begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from coconet_med.align import RegisterMode
from coconet_med.batch.case import FORMS, BatchOptions, Case
from coconet_med.colormaps import get_colormap
from coconet_med.errors import OptionError
from coconet_med.model import NAMES
from coconet_med.readers import is_picture
from coconet_med.readers.fetched import not_fetched
from coconet_med.slices import Plane


def check_options(options: BatchOptions, cases: Sequence[Case]) -> None:
    """Refuse options that no case can take.

    Raises:
        OptionError: an unknown name, a window that does not rise, or a format that does not suit the cases.
    """
    _one_of("--register", options.register, get_args(RegisterMode))
    _one_of("--plane", options.plane, ("auto", *get_args(Plane)))
    _one_of("--format", options.form, FORMS)
    _one_of("--dicom-form", options.dicom_form, ("sc", "enhanced", "gray"))
    _one_of("--affine", options.affine, ("auto", "sform", "qform"))
    if options.max_memory is not None and not options.max_memory > 0:
        raise OptionError(f"--max-memory {options.max_memory:g}: give a positive number of GiB")
    if options.colormap != "auto":
        get_colormap(options.colormap)
    if options.window:
        low, high = options.window
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise OptionError(f"--window {low:g} {high:g}: give two finite numbers, the lower one first")
    if options.select:
        from coconet_med.dicom.select import selection_of

        selection_of(options.select)
    if options.form not in ("auto", "nii.gz") and any(case.derived_from for case in cases):
        raise OptionError(f"--format {options.form}: BIDS derivatives are written as nii.gz; leave it out")
    if options.form == "dicom" and any(is_picture(case.anatomy) for case in cases):
        raise OptionError("--format dicom: pictures have no DICOM headers; leave it out")


def obstacle(case: Case) -> str:
    """Why a case cannot be done, as far as that is known without reading an image; empty where nothing is known."""
    if case.problem:
        return case.problem
    paths = [path for path in (case.anatomy, case.function) if path]
    missing = [path for path in paths if not os.path.exists(path)]
    for path in missing:
        if reason := not_fetched(path):
            return f"{path}: {reason}"
    if missing:
        return f"{' and '.join(map(str, missing))}: no such file or folder; check the path"
    for path in paths:
        if not path.is_file() and not path.is_dir():
            return f"{path}: is a pipe or device, which may never end; save it as a file first"
    if case.model and case.model not in NAMES and not Path(case.model).is_file():
        return f"{case.model}: no such weights; give {' or '.join(NAMES)}, or the path of .onnx or .pt weights"
    return ""


def _one_of(option: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise OptionError(f"{option} {value}: choose {', '.join(choices[:-1])} or {choices[-1]}")
