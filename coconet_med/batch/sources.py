"""Find the cases of a batch: a BIDS dataset, a CSV manifest, pairs of globs, DICOM studies, or folders of pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from coconet_med.batch.bids import find_bids_cases, is_bids
from coconet_med.batch.case import Case
from coconet_med.batch.folders import find_pairs, find_picture_pairs
from coconet_med.batch.globs import find_glob_pairs
from coconet_med.batch.manifest import SUFFIXES, read_manifest
from coconet_med.batch.results import Results
from coconet_med.errors import OptionError, ReadError


def find_cases(
    source: str | Path,
    *,
    anatomy: str | None = None,
    function: str | None = None,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    derivatives: str | Sequence[str] = "auto",
    output: str | Path | None = None,
) -> list[Case]:
    """All cases of ``source``, ordered by id.

    A case that is incomplete (a PET without an MRI) is among them, with its ``problem``, and so is an image that is not
    taken, with the reason (``skip``), so that nothing is left out in silence.

    Args:
        source: a CSV or TSV file; or a folder: BIDS dataset, DICOM studies (one a subfolder), or 2-D pictures.
        anatomy: glob of the anatomical images, relative to ``source``; needs ``function``.
        function: glob of the functional images.
        participants: BIDS: labels to take, with or without ``sub-``; all by default.
        sessions: BIDS: labels to take, with or without ``ses-``; all by default.
        derivatives: BIDS: ``"auto"`` takes PET that PETPrep brought onto the T1w where the dataset holds some,
            ``"none"`` the raw PET; or the folder (or folders) of such derivatives.
        output: where the results go: what lies there is no input, even where it lies inside the source.

    Raises:
        ReadError: no such source, or a manifest that cannot be read.
        OptionError: nothing to do, ids that occur twice, options that do not suit the source, or an output inside a
            study.
    """
    source = Path(source)
    if not source.exists():
        msg = f"{source}: no such file or folder; give a BIDS dataset, a CSV manifest or a folder"
        raise ReadError(msg)
    if not source.is_dir() and not source.is_file():
        raise ReadError(f"{source}: is a pipe or device; give a folder, or a manifest in a file")
    if (anatomy is None) != (function is None):
        raise OptionError("--anatomy and --function go together: give both globs, or none")
    bids = source.is_dir() and anatomy is None and is_bids(source)
    if (participants or sessions) and not bids:
        raise OptionError(f"{source}: is not a BIDS dataset, so it has no participants or sessions to choose from")
    try:
        results = Results(Path(output) if output else None)
        cases = _find(source, bids, anatomy, function, participants, sessions, derivatives, results)
    except OSError as error:
        msg = f"{error.filename or source}: cannot be read ({error.strerror}); check its permissions"
        raise ReadError(msg) from error
    _check(source, cases)
    for study in (case.anatomy for case in cases if case.function is None):
        if results.folder and results.folder.is_relative_to(os.path.realpath(study)):
            raise OptionError(f"{output}: lies inside the study {study}; give a folder outside of it")
    return sorted(cases, key=lambda case: case.id)


def _find(
    source: Path,
    bids: bool,
    anatomy: str | None,
    function: str | None,
    participants: Sequence[str],
    sessions: Sequence[str],
    derivatives: str | Sequence[str],
    results: Results,
) -> list[Case]:
    if bids:
        return find_bids_cases(source, participants=participants, sessions=sessions, derivatives=derivatives)
    if anatomy and function:
        return find_glob_pairs(source, anatomy, function, results)
    if source.is_file():
        if source.suffix.lower() not in SUFFIXES:
            msg = (
                f"{source}: neither a folder nor a {' or '.join(SUFFIXES)} manifest; for one pair use coconet-med fuse"
            )
            raise ReadError(msg)
        return read_manifest(source)
    return find_picture_pairs(source, results) or find_pairs(source, results)


def part_of(cases: Sequence[Case], part: int, parts: int) -> list[Case]:
    """Every ``parts``-th case, beginning with the ``part``-th (from 1): for job arrays.

    Raises:
        OptionError: there is no such part.
    """
    if not 1 <= part <= parts:
        raise OptionError(f"--part {part}/{parts}: give a part from 1 to {max(1, parts)}, for example 1/8")
    return list(cases[part - 1 :: parts])


def still_of(source: Path) -> Callable[[str], bool]:
    """Whether an id is that of a case of a manifest, or of a participant of a BIDS dataset.

    What options choose from, and a source that is gone, may hold any.
    """
    if source.is_file():
        return {case.id for case in find_cases(source)}.__contains__
    if not source.is_dir() or not is_bids(source):
        return lambda _: True
    people = {folder.name for folder in source.glob("sub-*")}

    def of_a_participant(case_id: str) -> bool:
        named = re.match(r"sub-[0-9A-Za-z]+", case_id)
        return named is None or named[0] in people

    return of_a_participant


def _check(source: Path, cases: Sequence[Case]) -> None:
    if not cases:
        msg = f"{source}: no cases found; give a BIDS dataset (T1w and pet), a CSV manifest (id, anatomy, function), a "
        msg += "folder of DICOM studies, or --anatomy GLOB --function GLOB"
        raise OptionError(msg)
    seen: dict[str, Case] = {}
    for case in cases:
        other = seen.setdefault(case.id.casefold(), case)
        if other is not case:
            msg = f"{source}: the id {case.id} occurs twice ({other.anatomy} and {case.anatomy}); make ids unique"
            raise OptionError(msg)
