"""DICOM in: a study folder gives the anatomical and the functional image, a series folder or file gives one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from coconet_med.dicom import headers
from coconet_med.dicom.dynamic import Dynamic
from coconet_med.dicom.identity import refuse_several_in_folder
from coconet_med.dicom.load import SuvChoice, check_series, load_series
from coconet_med.dicom.scan import Scan, scan
from coconet_med.dicom.select import selection_of
from coconet_med.dicom.series_selection import Candidate, choose, pair_kinds
from coconet_med.dicom.strays import refuse_strays
from coconet_med.errors import OptionError
from coconet_med.readers.files import is_dicomdir
from coconet_med.source import Role, Source


def read_study(
    path: Path | str,
    *,
    anatomy_series: str | None = None,
    function_series: str | None = None,
    anatomy_kind: str | None = None,
    function_kind: str | None = None,
    allow_gaps: bool = False,
    dynamic: Dynamic = "mean",
    suv: SuvChoice = "auto",
    select: Any = None,
    timezone: str | None = None,
    different_patients: bool = False,
) -> tuple[Source, Source]:
    """Read the anatomical and the functional image of one study.

    The anatomy is the best MR series by the score of :mod:`coconet_med.dicom.series_selection`, or the best CT series
    where the folder holds PT or NM but no usable MR; the function is the best PT or NM series, or the best CT series
    where the folder holds neither (:func:`coconet_med.dicom.series_selection.pair_kinds`).

    Args:
        path: folder with the DICOM files of one person, in any layout, or its DICOMDIR.
        anatomy_series: Series Instance UID to take as anatomy.
        function_series: Series Instance UID to take as function.
        anatomy_kind: ``"MR"`` or ``"CT"``: choose the anatomy among these.
        function_kind: ``"PT"``, ``"NM"`` or ``"CT"``: choose the function among these.
        allow_gaps: resample missing, uneven or sheared slices onto a regular grid instead of refusing them.
        dynamic: of a time series the mean weighted by frame duration, or the number of one frame, from 0.
        suv: ``"auto"`` gives PET as SUVbw where the header allows it, ``"never"`` keeps its own units.
        select: which images of a mixed series are taken, such as ``"EchoTime=90"`` or ``{"ImageType": "M"}``; see
            :mod:`coconet_med.dicom.select`.
        timezone: offset from UTC of the times of a PET, such as ``"+0100"``, where its header states none.
        different_patients: accept a folder with images of several patients; whether the two chosen series are of one is
            asked by :func:`coconet_med.pair.check_pair`.

    Returns:
        Anatomy and function; ``details["choice"]`` of each gives score, reasons and the series passed over.

    Raises:
        ReadError: no or several series fit, the folder holds several patients (unless both series are named), or one
            of them cannot be read.
        OptionError: the two chosen series are one, or ``dynamic`` names no frame.
    """
    _check_options(dynamic, suv)
    with headers.quiet():
        found = scan(_folder(path))
        if not different_patients and not (anatomy_series and function_series):
            refuse_several_in_folder(
                found, "give the folder of one of them, or both series by --anatomy-series and --function-series"
            )
        mine, yours = pair_kinds(found, anatomy=anatomy_kind, function=function_kind)
        anatomy = choose(found, "anatomy", mine, anatomy_series)
        function = choose(found, "function", yours, function_series)
        if anatomy.series.uid == function.series.uid:
            raise OptionError(f"series {anatomy.series.uid} cannot be anatomy and function at once; choose another")
        notes = _kinship(anatomy, function)
        for candidate in (anatomy, function):
            refuse_strays(found, candidate.series)
        chosen = selection_of(select, lenient=True)
        of_anatomy, of_function = chosen.for_role("anatomy"), chosen.for_role("function")
        check_series(anatomy.series, allow_gaps=allow_gaps, selection=of_anatomy)
        check_series(function.series, allow_gaps=allow_gaps, dynamic=dynamic, selection=of_function)
    options = {"allow_gaps": allow_gaps, "suv": suv, "timezone": timezone}
    first = _load(found, anatomy, dynamic="mean", selection=of_anatomy, **options)
    second = _load(found, function, dynamic=dynamic, selection=of_function, **options)
    return first, replace(second, warnings=(*second.warnings, *notes))


def read_series(
    path: Path | str,
    role: Role,
    *,
    series_uid: str | None = None,
    allow_gaps: bool = False,
    dynamic: Dynamic = "mean",
    suv: SuvChoice = "auto",
    select: Any = None,
    timezone: str | None = None,
) -> Source:
    """Read one series from a folder, or from one multi-frame file.

    A folder with one series gives that series, whatever its kind; of several the best for ``role`` is chosen as in
    :func:`read_study`.

    Args:
        path: folder, file, or DICOMDIR (its folder is meant).
        role: ``"anatomy"`` or ``"function"``.
        series_uid: Series Instance UID to take.
        allow_gaps: see :func:`read_study`.
        dynamic: see :func:`read_study`.
        suv: see :func:`read_study`.
        select: see :func:`read_study`.
        timezone: see :func:`read_study`.

    Raises:
        ReadError: no or several series fit, several patients, or the series cannot be read as a volume.
        OptionError: an option has a value that cannot be used.
    """
    _check_options(dynamic, suv)
    with headers.quiet():
        found = scan(_folder(path))
        if series_uid is None:
            refuse_several_in_folder(found)
        if series_uid is None and len(found.series) == 1:
            candidate = Candidate(found.series[0], 0, ("the only series",))
        else:
            candidate = choose(found, role, _modalities(found, role), series_uid)
    selection = selection_of(select).for_role(role)
    options = {"allow_gaps": allow_gaps, "dynamic": dynamic, "suv": suv, "timezone": timezone}
    return _load(found, candidate, selection=selection, **options)


def _folder(path: Path | str) -> Path:
    """The path itself; for the DICOMDIR of a medium the folder that it is the index of."""
    path = Path(path)
    return path.parent if is_dicomdir(path) else path


def _modalities(found: Scan, role: Role) -> list[str]:
    here = {series.modality for series in found.series}
    order = (["MR"], ["CT"]) if role == "anatomy" else (["PT", "NM"], ["CT"])
    return next((kind for kind in order if here & set(kind)), [one for kind in order for one in kind])


def _kinship(anatomy: Candidate, function: Candidate) -> list[str]:
    """A warning of two studies; two people are refused where the pair meets."""
    if anatomy.series.study_uid != function.series.study_uid:
        return ["anatomy and function come from different studies"]
    return []


def _load(found: Scan, candidate: Candidate, **options: Any) -> Source:
    refuse_strays(found, candidate.series)
    source = load_series(candidate.series, warnings=found.warnings(), **options)
    choice = {
        "score": candidate.score,
        "reasons": list(candidate.reasons),
        "passed_over": [series.describe() for series in found.series if series.uid != candidate.series.uid],
    }
    doubt = (candidate.unlikely,) if candidate.unlikely else ()
    return replace(source, details={**source.details, "choice": choice}, warnings=(*source.warnings, *doubt))


def _check_options(dynamic: object, suv: object) -> None:
    if dynamic != "mean" and (not isinstance(dynamic, int) or isinstance(dynamic, bool)):
        raise OptionError(f"dynamic is {dynamic!r}; expected 'mean' or the number of a frame")
    if suv not in ("auto", "never"):
        raise OptionError(f"suv is {suv!r}; expected 'auto' or 'never'")
