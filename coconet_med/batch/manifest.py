"""A CSV or TSV manifest: one line for each case."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from coconet_med.batch.case import Case, safe_id
from coconet_med.errors import ReadError
from coconet_med.system.printable import printable

SUFFIXES = (".csv", ".tsv")

#: Names of columns that are understood.  A line may fill one of each row but the first, of which the first counts.
COLUMNS = {
    "id": ("id", "case", "name"),
    "anatomy": ("anatomy", "mri", "mr"),
    "function": ("function", "pet", "spect"),
    "weights": ("weights", "model"),
    "register": ("register",),
    "transform": ("transform",),
}
#: Words in names of columns that mean an image, alone or with a word of the third kind (``ct_path``, ``pet2``); those
#: of the second kind mean other things as well (a patient, a dose), and count where the cell looks like a path.
IMAGES = {
    *("anatomy", "function", "mri", "mr", "fmri", "ct", "cbct", "ldct", "pet", "spect", "petct", "petmr", "spectct"),
    *("t1w", "t1c", "t1ce", "mprage", "t2w", "flair", "dwi", "swi", "mra", "ultrasound"),
}
UNSURE = {"pt", "nm", "t1", "t2", "pd", "us", "adc", "fdg", "image"}
FILES = {"path", "file", "filename", "img", "scan", "volume", "series", "folder", "dir", "nii", "nifti", "dicom"}
#: Ids of fewer digits are numbers of anything (run-1, frame 2).
TELLING = 3
#: Columns that one message lists at most.
LISTED = 6


def read_manifest(path: Path) -> list[Case]:
    """Cases of a manifest with the columns ``id``, ``anatomy``, ``function`` and, if wanted, ``weights``, ``register``,
    ``transform``.

    An id that is no name of a file (``../x``, ``=x``) is changed, and the notes of its case say so.  Paths are relative
    to the folder of the manifest.  Of several columns of one meaning (``pet`` and ``spect``) each line fills one.  An
    empty ``function`` means that ``anatomy`` is the folder of a DICOM study with both.  A first line ``sep=;``, as
    spreadsheets write it, says what parts the cells.  Other columns are not used, and the notes of all cases name them.

    Raises:
        ReadError: not readable, a column is missing or there twice, or a line lacks its id or anatomy, repeats an id,
            has more cells than the first line, fills two columns of one meaning, or one that means a further image.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text ({error}); export it again as CSV (UTF-8)"
        raise ReadError(msg) from error
    cases: list[Case] = []
    lines: dict[str, tuple[int, str]] = {}
    unused: list[str] = []
    for line, row in _rows(path, text, unused):
        case = _case(path, line, row)
        if case.id.casefold() in lines:
            earlier, written = lines[case.id.casefold()]
            spelled = f" (written {written} and {row['id']})" if written != row["id"] else ""
            raise ReadError(f"{path}: the id {case.id} is in lines {earlier} and {line}{spelled}; make it unique")
        lines[case.id.casefold()] = line, row["id"]
        cases.append(case)
    note = _note_of(path, unused)
    cases = [replace(case, notes=(*case.notes, note)) for case in cases] if note else cases
    cases = _with_shared_functions(path, cases, [line for line, _ in lines.values()])
    return _with_other_names(path, cases, {case.id: row for case, (_, row) in zip(cases, lines.values(), strict=True)})


def _note_of(path: Path, unused: list[str]) -> str:
    """What to say of columns that are not understood; ``""`` without any."""
    if not unused:
        return ""
    listed = ", ".join(unused[:LISTED]) + (f" and {len(unused) - LISTED} more" if len(unused) > LISTED else "")
    columns = f"column {listed} is" if len(unused) == 1 else f"columns {listed} are"
    return (
        f"{path.name}: the {columns} not known and had no effect; what holds for all cases is an option of the command"
    )


def _means_image(name: str, cell: str) -> bool:
    """Whether a column that is not understood names a further image of its line."""
    words = re.findall(r"[^\W_]+", name)
    words = [word if word in IMAGES | UNSURE else word.rstrip("0123456789") for word in words]
    found = {word for word in words if word}
    if not found <= IMAGES | UNSURE | FILES:
        return False
    return bool(found & IMAGES) or bool(found & UNSURE and re.search(r"[/\\]|\.[A-Za-z]", cell))


def _with_shared_functions(path: Path, cases: list[Case], lines: list[int]) -> list[Case]:
    """The cases, with a note where lines name one functional image beside several anatomies: a slip of copy and paste
    would fuse a patient with the uptake of another."""
    users: dict[Path, list[int]] = {}
    for index, case in enumerate(cases):
        if case.function is not None:
            users.setdefault(case.function, []).append(index)
    for function, indices in users.items():
        if len({cases[index].anatomy for index in indices}) > 1:
            listed = " and ".join(f"{cases[index].id} (line {lines[index]})" for index in indices[:4])
            more = f" and {len(indices) - 4} more" if len(indices) > 4 else ""
            note = f"{path.name}: {function.name} is the function of {listed}{more}; make sure that they are one person"
            for index in indices:
                cases[index] = replace(cases[index], notes=(*cases[index].notes, note))
    return cases


def _with_other_names(path: Path, cases: list[Case], written: dict[str, str]) -> list[Case]:
    """The cases, with a note where a file bears the id of another line, as after a column that was sorted alone.

    Args:
        path: of the manifest.
        cases: in the order of its lines.
        written: ids as the lines have them, by the ids of cases.
    """
    telling = {text.casefold(): text for text in written.values() if len(text) >= TELLING or not text.isdigit()}
    if len(telling) < 2:
        return cases
    words = "|".join(re.escape(text) for text in sorted(telling, key=len, reverse=True))
    pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])")
    out = []
    for case in cases:
        own = written[case.id].casefold()
        named = {
            image.name: set(pattern.findall(os.path.relpath(image, path.parent).casefold()))
            for image in (case.anatomy, case.function)
            if image is not None
        }
        others = {name: found for name, found in named.items() if found and own not in found}
        if others and own in telling:
            listed = " and ".join(f"{name}, named like {telling[min(found)]}" for name, found in others.items())
            note = f"{path.name}: the line {written[case.id]} has {listed}; make sure that all is of one person"
            case = replace(case, notes=(*case.notes, note))
        out.append(case)
    return out


def _rows(path: Path, text: str, unused: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each line that is not empty, the cells by the preferred names of their columns.

    Names of other columns that a line fills are added to ``unused``.
    """
    stated = re.match(r'"?sep=(.)"?[;,\t ]*\r?\n', text, re.IGNORECASE)
    text = text[stated.end() :] if stated else text
    delimiter = stated.group(1) if stated else max("\t;,", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 1 if stated else 0
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        columns = _columns(path, header)
        for cells in rows:
            line, cells = before + rows.line_num, [cell.strip() for cell in cells]
            if any(cells[len(header) :]):
                msg = f"{path}, line {line}: has {len(cells)} cells, the first line {len(header)}; put cells with "
                raise ReadError(f'{msg}"{delimiter}" in them between quotation marks, or delete what is too much')
            row = dict(zip(header, cells, strict=False))
            _look_at_others(path, line, row, unused)
            if any(cells):
                yield line, _values(path, line, row, columns)
    except csv.Error as error:
        raise ReadError(f"{path}, line {before + rows.line_num}: is no CSV ({error}); export it again") from error


def _look_at_others(path: Path, line: int, row: dict[str, str], unused: list[str]) -> None:
    """Add the columns that a line fills and nobody reads to ``unused``.

    Raises:
        ReadError: one means an image: whoever fills it expects to see it in the result.
    """
    known = {choice for names in COLUMNS.values() for choice in names}
    for name in (name for name, cell in row.items() if cell and name not in known):
        called = printable(name) or "without a name"
        if _means_image(name, row[name]):
            msg = f"{path}, line {line}: fills the column {called}, which means a further image, but a line is one "
            raise ReadError(f"{msg}anatomy and one function; give that image a line of its own, or delete the column")
        if called not in unused:
            unused.append(called)


def _columns(path: Path, header: list[str]) -> dict[str, list[str]]:
    """The columns of each meaning that are there."""
    found = {name: [choice for choice in names if choice in header] for name, names in COLUMNS.items()}
    missing = [name for name in ("id", "anatomy", "function") if not found[name]]
    if missing:
        msg = f"{path}: no column {' or '.join(missing)}; the first line must name id, anatomy, function"
        raise ReadError(msg)
    for name in (name for names in found.values() for name in names if header.count(name) > 1):
        raise ReadError(f"{path}: has {header.count(name)} columns {name}; give each line one, and delete the others")
    return found


def _values(path: Path, line: int, row: dict[str, str], columns: dict[str, list[str]]) -> dict[str, str]:
    values = {}
    for name, choices in columns.items():
        filled = [choice for choice in choices if row.get(choice)]
        if len(filled) > 1 and name != "id":
            msg = f"{path}, line {line}: fills the columns {' and '.join(filled)}, which mean the same; "
            raise ReadError(msg + "leave one empty, or give each image a line of its own")
        values[name] = row[filled[0]] if filled else ""
    return values


def _path(path: Path, text: str) -> Path:
    """A path in a cell: relative to the manifest, with ``~`` for the home, and with ``\\`` where that is there."""
    found = path.parent / Path(text).expanduser()
    slashed = path.parent / text.replace("\\", "/")
    return slashed if "\\" in text and not found.exists() and slashed.exists() else found


def _case(path: Path, line: int, row: dict[str, str]) -> Case:
    if not row["id"] or not row["anatomy"]:
        msg = f"{path}, line {line}: id or anatomy is empty; fill it in, or delete the line"
        raise ReadError(msg)
    case_id = safe_id(row["id"])
    changed = f"{path.name}, line {line}: the id {row['id']} is no name of a file; the case is called {case_id}"
    function = _path(path, row["function"]) if row["function"] else None
    weights = row.get("weights") or None
    if weights and _path(path, weights).is_file():
        weights = str(_path(path, weights))
    anatomy = _path(path, row["anatomy"])
    problem = None
    if function is None and not anatomy.is_dir():
        problem = f"{path.name}, line {line}: no functional image; fill it in, or give the folder of a DICOM study"
    return Case(
        case_id,
        anatomy,
        function,
        target=f"{case_id}_fused",
        model=weights,
        register=row["register"].lower() or None,
        transform=_path(path, row["transform"]) if row["transform"] else None,
        problem=problem,
        notes=(changed,) if case_id != row["id"] else (),
    )
