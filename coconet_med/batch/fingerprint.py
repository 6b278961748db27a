"""The fingerprint of a case: everything that its result depends on.  Equal fingerprints, equal results."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coconet_med._version import __version__
from coconet_med.batch.case import BatchOptions, Case
from coconet_med.errors import ReadError
from coconet_med.readers.fetched import not_fetched
from coconet_med.readers.files import files_of
from coconet_med.readers.pet_suv import USED_KEYS
from coconet_med.system.digest import sha256_of

#: Options that say where and with what a model runs (its weights are in the fingerprint by their own hash), and what
#: may be tried, which changes no result.
_NOT_IN_OPTIONS = ("model", "max_memory", "transform")


def fingerprint_of(case: Case, options: BatchOptions, model_sha256: str) -> dict[str, Any]:
    """What goes into a case, plain JSON types.

    Args:
        case: its input files are read and hashed here.
        options: of the batch.
        model_sha256: of the weights.

    Raises:
        ReadError: an input file is missing or cannot be read.
    """
    given = {name: value for name, value in asdict(options).items() if name not in _NOT_IN_OPTIONS}
    for name in ("palette", "transform", "reference", "labels"):  # files may change under their names
        file = Path(str(getattr(options, name) or "").partition("#")[0])
        if file.is_file():
            given[f"{name}_sha256"] = sha256_of(file)
    given = json.loads(json.dumps(given, default=str))  # as a record has it
    of_case = {"register": case.register, "pet": _pet_facts(case), "window": case.window}
    if given_transform := options.transform_of(case):
        of_case["transform_sha256"] = sha256_of(given_transform)
    return {
        "version": __version__,
        "model": model_sha256,
        "inputs": {"anatomy": _sha256(case.anatomy), "function": _sha256(case.function) if case.function else None},
        "options": given | {f"case_{name}": value for name, value in of_case.items() if value},
    }


def stamp_of(case: Case, options: BatchOptions) -> dict[str, tuple[int, ...]]:
    """What the disk says of each input file, for noticing that it was replaced while the case was done."""
    stamps: dict[str, tuple[int, ...]] = {}
    with contextlib.suppress(OSError):  # the fingerprint says so
        for file in (
            file
            for path in (case.anatomy, case.function, options.transform_of(case))
            if path
            for file in files_of(path)
        ):
            found = file.stat()
            stamps[str(file)] = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return stamps


def difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """In words, what makes two fingerprints differ; empty where nothing does.

    Example:
        >>> difference({"model": "a", "options": {"strength": 1}}, {"model": "a", "options": {"strength": 0.5}})
        'strength changed'
    """
    if before == now:
        return ""
    changed = [f"{name} input" for name in ("anatomy", "function") if _of(before, name) != _of(now, name)]
    changed += [name for name in ("model", "version") if before.get(name) != now.get(name)]
    old, new = before.get("options", {}), now.get("options", {})
    changed += sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return f"{', '.join(changed) or 'something'} changed"


def _pet_facts(case: Case) -> dict[str, Any]:
    """What the JSON files beside the PET say that a result may depend on."""
    facts = case.facts()
    if facts is None:
        return {}
    values = {key: facts.values[key] for key in sorted(facts.values.keys() & USED_KEYS)}
    return values | ({"weight": facts.weight[0]} if facts.weight and values else {})


def _of(fingerprint: dict[str, Any], name: str) -> Any:
    return fingerprint.get("inputs", {}).get(name)


def _sha256(path: Path) -> str:
    try:
        return sha256_of(*files_of(path))
    except OSError as error:
        missing = not_fetched(path)
        if missing:
            raise ReadError(f"{path}: {missing}") from error
        msg = f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        raise ReadError(msg) from error
