"""What the numbers of a label map mean: FreeSurfer's names, a BIDS ``dseg.tsv``, or a color look-up table."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from coconet_med.errors import OptionError, ReadError

#: Structures of the left and of the right half of the brain (aseg).
_HALVES = {
    **{"Cerebral-White-Matter": (2, 41), "Cerebral-Cortex": (3, 42), "Lateral-Ventricle": (4, 43)},
    **{"Inf-Lat-Vent": (5, 44), "Cerebellum-White-Matter": (7, 46), "Cerebellum-Cortex": (8, 47), "Thalamus": (10, 49)},
    **{"Caudate": (11, 50), "Putamen": (12, 51), "Pallidum": (13, 52), "Hippocampus": (17, 53), "Amygdala": (18, 54)},
    **{"Accumbens-area": (26, 58), "VentralDC": (28, 60), "vessel": (30, 62), "choroid-plexus": (31, 63)},
    "UnsegmentedWhiteMatter": (5001, 5002),
}
_MIDDLE = {
    **{14: "3rd-Ventricle", 15: "4th-Ventricle", 16: "Brain-Stem", 24: "CSF", 72: "5th-Ventricle"},
    **{77: "WM-hypointensities", 80: "non-WM-hypointensities", 85: "Optic-Chiasm", 251: "CC_Posterior"},
    **{252: "CC_Mid_Posterior", 253: "CC_Central", 254: "CC_Mid_Anterior", 255: "CC_Anterior"},
}
#: Desikan-Killiany areas in the order of their numbers, from 0 (aparc).
_AREAS = (
    *("unknown", "bankssts", "caudalanteriorcingulate", "caudalmiddlefrontal", "corpuscallosum", "cuneus"),
    *("entorhinal", "fusiform", "inferiorparietal", "inferiortemporal", "isthmuscingulate", "lateraloccipital"),
    *("lateralorbitofrontal", "lingual", "medialorbitofrontal", "middletemporal", "parahippocampal", "paracentral"),
    *("parsopercularis", "parsorbitalis", "parstriangularis", "pericalcarine", "postcentral", "posteriorcingulate"),
    *("precentral", "precuneus", "rostralanteriorcingulate", "rostralmiddlefrontal", "superiorfrontal"),
    *("superiorparietal", "superiortemporal", "supramarginal", "frontalpole", "temporalpole", "transversetemporal"),
    "insula",
)
#: What the column of numbers is called in tables of names (BIDS, plain tables, 3D Slicer).
NUMBERS = ("index", "label", "labelvalue", "value", "id")
#: A line of ITK-SNAP's label descriptions: number, red, green, blue, opacity, two flags, and the name in quotes.
SNAP = re.compile(r'\s*(\d+)(?:\s+[\d.]+){4}(?:\s+\d+){2}\s+"(.*)"\s*')
#: Names of files that FreeSurfer and SynthSeg give to label maps.
_MAPS = ("aseg", "aparc", "wmparc", "synthseg")


def freesurfer_names() -> dict[int, str]:
    """Numbers of aseg, aparc (Desikan-Killiany) and wmparc, as in FreeSurferColorLUT.txt."""
    names = dict(_MIDDLE)
    for structure, numbers in _HALVES.items():
        names |= {number: f"{side}-{structure}" for side, number in zip(("Left", "Right"), numbers, strict=True)}
    for start, prefix in ((1000, "ctx-lh"), (2000, "ctx-rh"), (3000, "wm-lh"), (4000, "wm-rh")):
        names |= {start + number: f"{prefix}-{area}" for number, area in enumerate(_AREAS)}
    return names


def names_for(path: Path, values: list[int], given: str | Path | None) -> dict[int, str]:
    """Names of the labels of a file.

    Args:
        path: the label map.
        values: its labels.
        given: ``"freesurfer"``, a table (``.tsv`` or ``.csv`` with columns index and name, a look-up table of
            FreeSurfer or 3D Slicer, label descriptions of ITK-SNAP), or ``None``: the ``.tsv`` of the same name beside
            it (BIDS), or FreeSurfer's where the name of the file or a number from 1000 to 4035 says that it is
            FreeSurfer's.

    Raises:
        ReadError: the table cannot be read, or has two names for one of the labels.
        OptionError: it names none of the labels.
    """
    beside = path.with_name(f"{path.name.split('.')[0]}.tsv")
    if given is None and beside.is_file():
        given = beside
    if given is None:
        known = freesurfer_names()
        named = any(word in path.name.lower() for word in _MAPS)
        areas = [value for value in values if 1000 <= value <= 4035]
        return known if named or (areas and all(value in known for value in areas)) else {}
    found = freesurfer_names() if str(given) == "freesurfer" else _table(Path(given), values)
    if not any(value in found for value in values):
        raise OptionError(
            f"--names {given}: names none of the labels of {path.name}; give the table that belongs to it"
        )
    return found


def _table(path: Path, values: list[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for number, name in _rows(path):
        if names.setdefault(number, name) != name and number in values:
            raise ReadError(f"{path}: calls the label {number} both {names[number]} and {name}; keep the right one")
    return names


def _rows(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(
            f"{path}: cannot be read as a table of names; give a .tsv with columns index and name"
        ) from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        mark = next((mark for mark in "\t,;" if mark in (lines[0] if lines else "")), "")
        if mark:
            first, *rows = csv.reader(lines, delimiter=mark)
            columns = [name.strip().lower() for name in first]
            column = next(name for name in NUMBERS if name in columns)
            for used in (column, "name"):
                if columns.count(used) > 1:
                    raise ReadError(f"{path}: has {columns.count(used)} columns {used}; delete the wrong ones")
            at, called = columns.index(column), columns.index("name")
            return [(int(row[at]), row[called].strip()) for row in rows]
        described = [match for line in lines if (match := SNAP.fullmatch(line))]
        if described and len(described) == len(lines):
            return [(int(match[1]), match[2]) for match in described]
        return [(int(words[0]), words[1]) for words in (line.split() for line in lines)]
    except (KeyError, ValueError, IndexError, TypeError, StopIteration, AttributeError) as error:
        raise ReadError(f"{path}: is no table of names; give a .tsv with columns index and name, or a LUT") from error
