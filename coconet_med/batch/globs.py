"""Pairs of files found by two globs: what the wildcards stand for tells which belong together."""

from __future__ import annotations

import re
from pathlib import Path

from coconet_med.batch.case import Case, safe_id
from coconet_med.batch.results import Results
from coconet_med.errors import OptionError

_TOKEN = re.compile(r"\*\*/|\*|\?|\[!?[^\]]+\]")


def find_glob_pairs(folder: Path, anatomy: str, function: str, results: Results) -> list[Case]:
    """Cases from ``folder``: images whose wildcards stand for the same text are a pair, and that text is the id.

    ``*_mri.png`` and ``*_pet.png`` pair ``7_mri.png`` with ``7_pet.png`` as case ``7``.

    Args:
        folder: where the globs begin.
        anatomy: glob, with ``*``, ``?``, ``[...]`` and ``**/``.
        function: glob.
        results: what is no input, wherever it lies.

    Raises:
        OptionError: a pattern without wildcard, that finds nothing, or in which two files have one key.
    """
    found = [_by_key(folder, pattern, results) for pattern in (anatomy, function)]
    for pattern, files in zip((anatomy, function), found, strict=True):
        if not files:
            msg = f"{folder}: no file fits {pattern}; the pattern is relative to the folder, quote it in the shell"
            raise OptionError(msg)
    if not found[0].keys() & found[1].keys():
        msg = f"no pair: in {anatomy} the wildcards stand for {_some(found[0])}, in {function} for {_some(found[1])}; "
        msg += "they must stand for the same text"
        raise OptionError(msg)
    return [_case(key, found[0].get(key), found[1].get(key)) for key in sorted(found[0].keys() | found[1].keys())]


def _case(key: tuple[str, ...], anatomy: Path | None, function: Path | None) -> Case:
    case_id = safe_id("_".join(dict.fromkeys(part.strip("/") for part in key if part.strip("/"))))
    found = anatomy or function
    assert found is not None  # the key is of one of them
    problem = None
    if anatomy is None or function is None:
        lacking, there = ("anatomical", function) if anatomy is None else ("functional", anatomy)
        problem = f"no {lacking} image belongs to {there}; check the patterns"
    return Case(case_id, found, function, target=f"{case_id}_fused", problem=problem)


def _by_key(folder: Path, pattern: str, results: Results) -> dict[tuple[str, ...], Path]:
    if pattern.startswith("/") or not _TOKEN.search(pattern):
        msg = f"{pattern}: give a pattern with a wildcard, relative to {folder}, such as '*_mri.png'"
        raise OptionError(msg)
    expression = re.compile(_to_regex(pattern))
    files: dict[tuple[str, ...], Path] = {}
    for path in sorted(folder.glob(pattern)):
        match = expression.fullmatch(path.relative_to(folder).as_posix())
        if match is None or path.name.startswith(".") or results.holds(path, folder):
            continue
        other = files.setdefault(match.groups(""), path)
        if other != path:
            msg = f"{pattern}: {other} and {path} cannot be distinguished by its wildcards; make it narrower"
            raise OptionError(msg)
    return files


def _to_regex(pattern: str) -> str:
    out, last = "", 0
    for token in _TOKEN.finditer(pattern):
        out += re.escape(pattern[last : token.start()])
        text = token.group()
        out += {"**/": "((?:.*/)?)", "*": "([^/]*)", "?": "([^/])"}.get(text, f"({text.replace('[!', '[^')})")
        last = token.end()
    return out + re.escape(pattern[last:])


def _some(files: dict[tuple[str, ...], Path]) -> str:
    names = ["_".join(key) for key in sorted(files)]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
