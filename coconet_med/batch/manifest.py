"""A CSV or TSV manifest: one line for each case."""

from __future__ import annotations

import csv
from pathlib import Path

from coconet_med.batch.case import Case, safe_id
from coconet_med.errors import ReadError

SUFFIXES = (".csv", ".tsv")

#: Names of columns that are understood, the preferred one first.
COLUMNS = {
    "id": ("id", "case", "name"),
    "anatomy": ("anatomy", "mri", "mr"),
    "function": ("function", "pet", "spect"),
    "weights": ("weights", "model"),
    "register": ("register",),
}


def read_manifest(path: Path) -> list[Case]:
    """Cases of a manifest with the columns ``id``, ``anatomy``, ``function`` and, if wanted, ``weights``, ``register``.

    Paths are relative to the folder of the manifest.  An empty ``function`` means that ``anatomy`` is the folder of a
    DICOM study with both.

    Raises:
        ReadError: not readable, a column is missing, or a line lacks its id or anatomy, or repeats an id.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text ({error}); export it again as CSV (UTF-8)"
        raise ReadError(msg) from error
    first = text.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    columns = _columns(path, rows.fieldnames or [])
    cases, lines = [], {}
    for row in rows:
        if any((value or "").strip() for value in row.values() if not isinstance(value, list)):
            case = _case(path, rows.line_num, {name: (row.get(c) or "").strip() for name, c in columns.items()})
            if case.id.casefold() in lines:
                both = f"lines {lines[case.id.casefold()]} and {rows.line_num}"
                raise ReadError(f"{path}: the id {case.id} is in {both}; make it unique")
            lines[case.id.casefold()] = rows.line_num
            cases.append(case)
    return cases


def _columns(path: Path, header: list[str]) -> dict[str, str]:
    lower = {(name or "").strip().lower(): name for name in header}
    found = {name: lower[choice] for name, names in COLUMNS.items() for choice in reversed(names) if choice in lower}
    missing = [name for name in ("id", "anatomy", "function") if name not in found]
    if missing:
        msg = f"{path}: no column {' or '.join(missing)}; the first line must name id, anatomy, function"
        raise ReadError(msg)
    return found


def _case(path: Path, line: int, row: dict[str, str]) -> Case:
    if not row["id"] or not row["anatomy"]:
        msg = f"{path}, line {line}: id or anatomy is empty; fill it in, or delete the line"
        raise ReadError(msg)
    case_id = safe_id(row["id"])
    function = path.parent / row["function"] if row["function"] else None
    weights = row.get("weights") or None
    if weights and (path.parent / weights).is_file():
        weights = str(path.parent / weights)
    anatomy = path.parent / row["anatomy"]
    problem = None
    if function is None and not anatomy.is_dir():
        problem = f"{path.name}, line {line}: no functional image; fill it in, or give the folder of a DICOM study"
    return Case(
        case_id,
        anatomy,
        function,
        target=f"{case_id}_fused",
        model=weights,
        register=row.get("register") or None,
        problem=problem,
    )
