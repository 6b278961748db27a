"""Options that would fail every case are refused before the first one begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from coconet_med.batch.case import FORMS, BatchOptions, Case
from coconet_med.choices import RegisterMode, one_of
from coconet_med.errors import OptionError
from coconet_med.model import NAMES
from coconet_med.options import check_dicom_output
from coconet_med.readers.fetched import not_fetched


def check_options(options: BatchOptions, cases: Sequence[Case]) -> None:
    """Refuse options that no case can take.

    Raises:
        OptionError: an unknown name, a window that does not rise, or a format that does not suit the cases.
    """
    options.validate()
    if options.transform:
        if options.register == "always":
            raise OptionError(f"--transform {options.transform}: with --register always there would be two transforms")
        if "{id}" not in str(options.transform) and sum(not case.skip for case in cases) > 1:
            raise OptionError(
                f"--transform {options.transform}: is one file for all cases; put {{id}} where ids differ"
            )
    asked = [f"--{role} {kind}" for role in ("anatomy", "function") if (kind := getattr(options, f"{role}_kind"))]
    if asked and any(case.function is not None for case in cases if not case.skip):
        raise OptionError(f"{' '.join(asked)}: choose in DICOM studies, and these cases are pairs; leave it out")
    one_of("--format", options.form, FORMS)
    if options.form not in ("auto", "nii.gz") and any(case.derived_from for case in cases):
        raise OptionError(f"--format {options.form}: BIDS derivatives are written as nii.gz; leave it out")
    dicom = options.form == "dicom"
    for case in (case for case in cases if not case.skip):
        check_dicom_output(
            case.anatomy,
            options.dicom_form,
            dicom=dicom,
            target=f"--format {options.form}",
            legend=options.dicom_legend,
        )


def obstacle(case: Case, options: BatchOptions) -> str:
    """Why a case cannot be done, as far as that is known without reading an image; empty where nothing is known."""
    if case.problem:
        return case.problem
    paths = [path for path in (case.anatomy, case.function, options.transform_of(case)) if path]
    for path in paths:
        if reason := not_fetched(path):
            return f"{path}: {reason}"
    if missing := [path for path in paths if not os.path.exists(path)]:
        return f"{' and '.join(map(str, missing))}: no such file or folder; check the path"
    for path in paths:
        if not path.is_file() and not path.is_dir():
            return f"{path}: is a pipe or device, which may never end; save it as a file first"
    try:
        one_of("register", case.register or "auto", get_args(RegisterMode))
    except OptionError as error:
        return str(error)
    if case.model and case.model not in NAMES and not Path(case.model).is_file():
        return f"{case.model}: no such weights; give {' or '.join(NAMES)}, or the path of .onnx or .pt weights"
    return ""
