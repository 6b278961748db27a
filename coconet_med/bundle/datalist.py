"""The pairs of a data folder as MONAI wants them: a list of dictionaries; what is ambiguous is an error, never an empty
list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from coconet_med.batch.case import Case
from coconet_med.batch.sources import find_cases
from coconet_med.errors import FusionError, OptionError, ReadError
from coconet_med.readers import is_picture

Pair = dict[str, str]

#: The end of an id without underscore that tells sessions of one person apart.
_SESSION = re.compile(r"-(?:\d{1,2}|\d{8}|[A-Za-z]{1,9}\d{0,4})$")


class _Absent(Sequence):
    """Stands for the pairs of a folder that is not there: whoever asks for one gets the error."""

    def __init__(self, error: FusionError) -> None:
        self._error = error

    def __len__(self) -> int:
        return 1  # of none, MONAI would end with exit code 0 and no output

    def __getitem__(self, index: Any) -> Any:
        raise self._error


def find_pairs(
    dataset_dir: str | Path,
    *,
    anatomy: str = "*/mri.nii.gz",
    function: str = "*/pet.nii.gz",
    later: bool = False,
) -> Sequence[Pair]:
    """The cases of a folder, ordered by id, as ``{"id", "anatomy", "function"}``.

    Volumes whose wildcards stand for the same text are a pair.  Where neither glob finds anything, the folder may also
    be a BIDS dataset, hold DICOM studies (one a subfolder; the series are chosen from their headers), or be a CSV
    manifest (:func:`coconet_med.batch.sources.find_cases`).  Weights and registration
    that a manifest gives to single cases are not taken over: the configs say them for all.

    Args:
        dataset_dir: the folder, or the manifest.
        anatomy: glob of the anatomical volumes, relative to it.
        function: glob of the functional ones.
        later: a folder that is not there is an error only when a pair is asked for, so that the configs can be looked
            at without data, as the model zoo does.

    Raises:
        ReadError: no such folder, no pair in it, a file without its counterpart, or pictures.
        OptionError: globs without wildcard, files that they cannot tell apart, or ids that occur twice.

    Example:
        >>> find_pairs("data", function="*/spect.nii.gz")  # doctest: +SKIP
        [{'id': 'case-1', 'anatomy': 'data/case-1/mri.nii.gz', 'function': 'data/case-1/spect.nii.gz'}]
    """
    root = Path(str(dataset_dir))  # MONAI makes a number of a folder called 2024
    if not root.exists():
        error = ReadError(f"{root}: no such folder; set dataset_dir to the folder of the pairs")
        if later:
            return _Absent(error)
        raise error
    cases = [case for case in _cases(root, anatomy, function) if not case.skip]
    for case in cases:
        _check(case)
    return [_pair(case) for case in cases]


def split_pairs(
    pairs: Sequence[Pair],
    part: Literal["train", "validation"],
    *,
    validation_share: float = 0.2,
    person: str | None = None,
) -> list[Pair]:
    """Part the pairs for training: every n-th person, in the order of the ids, is for validation.

    All cases of one person come into the same part.  A single person serves for both: the method needs no labels, so
    that it can be trained on the very pairs that it will fuse.

    Args:
        pairs: of :func:`find_pairs`.
        part: the one that is wanted.
        validation_share: of the persons, over 0 to 0.5.
        person: regular expression whose first group is the person in an id; by default see :func:`persons`.

    Raises:
        OptionError: another part, another share, or an expression that does not fit the ids.
    """
    if part not in ("train", "validation") or not 0 < validation_share <= 0.5:
        msg = f"part {part!r} with validation_share {validation_share:g}: choose train or validation, and over 0 to 0.5"
        raise OptionError(msg)
    names = persons([pair["id"] for pair in pairs], person)
    pairs = [{**pair, "person": name} for pair, name in zip(pairs, names, strict=True)]
    everybody = list(dict.fromkeys(names))
    if len(everybody) == 1:
        return list(pairs)
    step = round(1 / validation_share)
    kept = {one for i, one in enumerate(everybody) if i % step == step - 1} or {everybody[-1]}
    return [pair for pair, name in zip(pairs, names, strict=True) if (name in kept) == (part == "validation")]


def persons(ids: Sequence[str], expression: str | None = None) -> list[str]:
    """Whose each case is.

    ``sub-01_ses-2_...`` is of ``sub-01`` (BIDS), and ``NAME_SESSION`` of ``NAME``.  Words that all cases begin with, as
    in ``case_1, case_2`` or ``site_P1_a, site_P2_a``, are no name: it is the first word that differs, with them before
    it.  Ids without underscore that end in a session, ``P001-2`` or ``P001-baseline``, are of what stands before it.

    Raises:
        OptionError: ``expression`` is none, has no group, or does not fit an id.
    """
    if expression is not None:
        try:
            found = [re.search(expression, one) for one in ids]
            return [one[1] for one in found]  # type: ignore[index]
        except (re.error, IndexError, TypeError):
            bad = next((one for one in ids if not _fits(expression, one)), expression)
            msg = f"person {expression!r}: no expression with a group that fits {bad}; such as '^([^_]+)'"
            raise OptionError(msg) from None
    names = []
    alike = _words_alike([one.split("_") for one in ids])
    for one in ids:
        bids = re.search(r"(?:^|[_/-])(sub-[A-Za-z0-9+]+)", one)
        name = "_".join(one.split("_")[: alike + 1]) if "_" in one else _SESSION.sub("", one)
        names.append(bids[1] if bids else name or one)
    return names if len(set(names)) > 1 or all(name.startswith("sub-") for name in names) else list(ids)


def _words_alike(ids: Sequence[list[str]]) -> int:
    """How many words all ids begin with, at least one of each left over."""
    count = 0
    while min(map(len, ids), default=0) > count + 1 and len({words[count] for words in ids}) == 1:
        count += 1
    return count


def _fits(expression: str, one: str) -> bool:
    try:
        return re.search(expression, one)[1] is not None  # type: ignore[index]
    except (re.error, IndexError, TypeError):
        return False


def _cases(root: Path, anatomy: str, function: str) -> list[Case]:
    if root.is_dir() and any(next(root.glob(pattern), None) for pattern in (anatomy, function)):
        return find_cases(root, anatomy=anatomy, function=function)
    try:
        return find_cases(root)
    except FusionError as error:
        msg = f"{root}: no pair found: nothing fits {anatomy} and {function} (set them with --anatomy and --function), "
        msg += "and it is neither a BIDS dataset, nor a folder of DICOM studies, nor a CSV manifest"
        raise ReadError(msg) from error


def _check(case: Case) -> None:
    if case.problem:
        msg = f"case {case.id}: {case.problem}"
        raise ReadError(msg)
    if is_picture(case.anatomy):
        msg = (
            f"case {case.id}: {case.anatomy} is a picture; the bundle takes volumes, use coconet-med batch for pictures"
        )
        raise ReadError(msg)


def _pair(case: Case) -> Pair:
    # Of the folder of a study the reader takes the anatomical series for one key and the functional one for the other.
    return {"id": case.id, "anatomy": str(case.anatomy), "function": str(case.function or case.anatomy)}
