"""Folders without a table: DICOM studies, one a subfolder, and 2-D pictures, in two folders or by their names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from coconet_med.batch.case import Case, safe_id
from coconet_med.batch.results import Results
from coconet_med.errors import OptionError
from coconet_med.readers import is_picture

_ANATOMY = ("mri", "mr", "t1", "t1w", "t2", "anatomy", "anat")
_FUNCTION = ("pet", "spect", "ct", "function", "func")


def find_pairs(folder: Path, results: Results) -> list[Case]:
    """One case for each subfolder with files (a DICOM study in any layout), or the folder itself if it holds files.

    Which series are fused is decided from the headers when the case is done; names of people are never taken from them.

    Raises:
        OptionError: the folder is its own output folder.
    """
    if results.folder == Path(os.path.realpath(folder)):
        msg = f"{folder}: is the folder of the studies itself; give another one, or tomorrow its results are studies"
        raise OptionError(msg)
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    studies = [path for path in inside if not results.is_one(path) and _holds_dicom(path, results)]
    if not studies and _holds_dicom(folder, results):
        studies = [folder]
    return [
        Case(safe_id(name), path, None, target=f"{safe_id(name)}_fused")
        for path in studies
        for name in [Path(os.path.abspath(path)).name]  # not resolved: a link is called as the user calls it
    ]


def find_picture_pairs(folder: Path, results: Results) -> list[Case]:
    """Pairs of pictures: ``MRI/7.png`` with ``PET/7.png``, or ``7_mri.png`` with ``7_pet.png`` in one folder.

    Where one anatomical picture has several functional ones, each makes a case; empty where there are no pictures.
    """
    roles: dict[str, dict[str, dict[str, Path]]] = {"anatomy": {}, "function": {}}
    for path in sorted(folder.rglob("*")):
        if is_picture(path) and not path.name.startswith(".") and len(path.relative_to(folder).parts) <= 2:
            if results.holds(path, folder):
                continue
            role, kind, key = _role(path.relative_to(folder))
            if role:
                roles[role].setdefault(key, {})[kind] = path
    several = len({kind for kinds in roles["function"].values() for kind in kinds}) > 1
    cases = []
    for key in sorted(roles["anatomy"].keys() | roles["function"].keys()):
        anatomies, functions = roles["anatomy"].get(key, {}), roles["function"].get(key, {})
        anatomy = next(iter(anatomies.values()), None)
        if not functions:
            cases.append(_pair(key, anatomy, None))
        cases += [_pair(f"{key}_{kind}" if several else key, anatomy, path) for kind, path in functions.items()]
    return cases if any(case.problem is None for case in cases) else []


def _pair(key: str, anatomy: Path | None, function: Path | None) -> Case:
    found = anatomy or function
    assert found is not None  # the key is of one of them
    problem = None
    if anatomy is None or function is None:
        problem = f"no {'anatomical' if anatomy is None else 'functional'} picture belongs to {anatomy or function}"
        problem += "; add it, or take this one away"
    return Case(safe_id(key), found, function, target=f"{safe_id(key)}_fused", problem=problem)


def _role(path: Path) -> tuple[str, str, str]:
    """Role, kind and key of a picture, from the name of its folder or a word in its own name; empty if not stated."""
    folder = path.parent.name.lower()
    stem = path.name[: -len(path.suffix)]
    for role, names in (("anatomy", _ANATOMY), ("function", _FUNCTION)):
        if folder in names:
            return role, folder, stem
    match = re.fullmatch(rf"(.+)[_-]({'|'.join(_ANATOMY + _FUNCTION)})", stem, re.IGNORECASE)
    if match and path.parent == Path():
        kind = match.group(2).lower()
        return "anatomy" if kind in _ANATOMY else "function", kind, match.group(1)
    return "", "", ""


def _holds_dicom(folder: Path, results: Results) -> bool:
    """Whether one of the first files below ``folder`` is DICOM; other files (notes, DICOMDIR) may lie between them."""
    looked = 0
    for path in results.files(folder):
        if path.is_file():
            if path.suffix.lower() in (".dcm", ".ima"):
                return True
            with path.open("rb") as file:
                if file.read(132)[128:] == b"DICM":
                    return True
            looked += 1
            if looked >= 50:
                break
    return False
