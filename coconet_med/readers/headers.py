"""What the text headers of NRRD and MetaImage promise, read before ITK sees them.

ITK opens the voxel file that a header names wherever it lies, allocates what the header promises, and ignores the unit
of length.  Sources: the NRRD0005 definition of teem, and the MetaIO documentation of ITK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.errors import GeometryError, ReadError

if TYPE_CHECKING:
    from coconet_med.readers.limits import Packing

#: A header is looked for in so many bytes.
LARGEST_HEADER = 2**18

#: Millimeters in the units of length that are met in headers.
MILLIMETERS = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1000.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre"), 1e-3),
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), 1e-6),
}
_UNSAID = ("", "?", "none", "???", "unknown")

#: Fields of both formats that say where voxels lie.
_PLACES = frozenset(
    {"space directions", "space origin", "spacings", "axis mins", "axismins"}
    | {"offset", "position", "origin", "transformmatrix", "rotation", "orientation", "elementspacing", "elementsize"}
)

_NRRD_BYTES = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(
        ("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t", "float"), 4
    ),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "signed long long int"), 8),
    **dict.fromkeys(("int64", "int64_t", "ulonglong", "unsigned long long", "unsigned long long int"), 8),
    **dict.fromkeys(("uint64", "uint64_t", "double"), 8),
}
_META_BYTES = {
    **dict.fromkeys(("char", "uchar"), 1),
    **dict.fromkeys(("short", "ushort"), 2),
    **dict.fromkeys(("int", "uint", "long", "ulong", "float"), 4),
    **dict.fromkeys(("long_long", "ulong_long", "double"), 8),
}
_NRRD_PACKING: dict[str, Packing] = {
    **dict.fromkeys(("raw",), "raw"),
    **dict.fromkeys(("gz", "gzip"), "gzip"),
    **dict.fromkeys(("bz2", "bzip2"), "bzip2"),
    **dict.fromkeys(("txt", "text", "ascii", "hex"), "other"),
}


@dataclass(frozen=True)
class TextHeader:
    """What a header says of its voxels.

    Attributes:
        shape: size of each axis, colors among them.
        voxel_bytes: stored bytes of one number; for voxels as text the least number of characters.
        packing: see :mod:`coconet_med.readers.limits`.
        files: voxel files beside the header; empty where the voxels follow the header in its own file.
        start: byte of a file where its voxels begin.
        scale: millimeters in the unit of length, along the world axes x, y, z.
        unit: its name; empty where the header names none.
        unknown_unit: a unit that is not known here, taken as mm; else empty.
        slope: factor from stored numbers to values (``ElementToIntensityFunctionSlope`` of MetaImage).
        intercept: added after it (``ElementToIntensityFunctionOffset``).
        quantized: the values that an NRRD says were mapped to its integers (``old min``, ``old max``); else ``None``.
        placement: why it is not known where the patient's left, back and head are, or ``""``.
        orientation: ``AnatomicalOrientation`` of MetaImage in capitals; ``""`` where it says none.
        volumes: how many volumes an NRRD says that it lists (an axis of kind ``list`` or ``time``); 1 for all others.
        sized: whether it gives a size of voxels.
        turn: factors of the world axes x, y that ITK leaves as they are in an NRRD space with a time axis (RAST, LAST).
    """

    shape: tuple[int, ...]
    voxel_bytes: int
    packing: Packing
    files: tuple[Path, ...]
    start: int
    scale: np.ndarray
    unit: str
    unknown_unit: str
    slope: float = 1.0
    intercept: float = 0.0
    quantized: tuple[float, float] | None = None
    placement: str = ""
    orientation: str = ""
    volumes: int = 1
    sized: bool = True
    turn: tuple[float, float] = (1.0, 1.0)


def read_header(path: Path) -> TextHeader | None:
    """The header of an NRRD or MetaImage file, ``None`` where it is not understood (ITK then says why).

    Raises:
        ReadError: it names a voxel file that is not beside it, or not a regular file.
        GeometryError: its place is not finite.
    """
    with path.open("rb") as file:
        start = file.read(LARGEST_HEADER)
    try:
        return _nrrd(path, start) if start.startswith(b"NRRD") else _meta(path, start)
    except (KeyError, ValueError, IndexError):
        return None


def _nrrd(path: Path, start: bytes) -> TextHeader:
    end = re.search(rb"\r?\n\r?\n", start)
    text = start[: end.start()] if end else start
    lines = text.decode("utf-8", "replace").splitlines()
    fields = {}
    for at, line in enumerate(lines):
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        if colon and not line.startswith("#") and not value.startswith("="):
            fields[key] = value.strip()
            if key in ("data file", "datafile"):
                listed = lines[at + 1 :]
                break
    _refuse_no_numbers(path, fields)
    named = fields.get("data file", fields.get("datafile"))
    files = _beside(path, _names(named, listed)) if named is not None else ()
    shape = tuple(int(n) for n in fields["sizes"].split())
    packing = _NRRD_PACKING[fields["encoding"].lower()]
    skip, lines_skipped = int(fields.get("byte skip", 0)), int(fields.get("line skip", 0))
    offset = 0 if files else end.end() if end else len(start)
    offset += max(skip, 0) if packing == "raw" and not lines_skipped else 0
    scale, unit, unknown = _nrrd_unit(fields)
    number = 2 if packing == "other" else _NRRD_BYTES[fields["type"].lower()]
    ends = [fields.get(f"old {end}", fields.get(f"old{end}")) for end in ("min", "max")]
    quantized = (float(ends[0]), float(ends[1])) if ends[0] is not None and ends[1] is not None else None
    kinds = fields.get("kinds", "").lower().split()
    listed_volumes = [n for n, kind in zip(shape, kinds, strict=False) if kind in ("list", "time")]
    return TextHeader(
        shape,
        number,
        packing,
        files,
        offset,
        scale,
        unit,
        unknown,
        quantized=quantized,
        placement=_nrrd_place(fields),
        volumes=listed_volumes[0] if listed_volumes else 1,
        sized="space directions" in fields or "spacings" in fields,
        turn=_nrrd_turn(fields),
    )


def _nrrd_turn(fields: dict[str, str]) -> tuple[float, float]:
    """ITK 5.4 turns the spaces RAS and LAS into LPS, but leaves the same with a time axis as they are."""
    space = fields.get("space", "").lower()
    if space not in ("rast", "last") and not space.endswith("-time"):
        return 1.0, 1.0
    return (-1.0 if space.startswith("r") else 1.0), (-1.0 if space[1:2] == "a" or "anterior" in space else 1.0)


def _nrrd_place(fields: dict[str, str]) -> str:
    """Spaces of NRRD0005 that are those of a patient name the directions; others only say how many axes there are."""
    space = fields.get("space", "").lower()
    named = [word for word in ("left", "right", "anterior", "posterior", "superior") if word in space]
    if len(named) == 3 or re.fullmatch("(las|ras|lps)t?", space):
        return ""
    return f"its space is '{space}'" if space else "its header names no space"


def _nrrd_unit(fields: dict[str, str]) -> tuple[np.ndarray, str, str]:
    """``space units`` are those of the world axes; without a space the axes' own ``units`` hold for their spacings."""
    text = fields.get("space units", fields.get("units", "") if "spacings" in fields else "")
    names = [name.strip() for name in re.findall(r'"([^"]*)"', text)]
    kinds = fields.get("kinds", "").lower().split()
    if "space units" not in fields and len(kinds) == len(names):
        names = [name for name, kind in zip(names, kinds, strict=True) if kind in ("domain", "space", "???", "none")]
    return _scale(names[:3])


def _meta(path: Path, start: bytes) -> TextHeader:
    fields: dict[str, str] = {}
    at, listed = 0, []
    for line in start.splitlines(keepends=True):
        at += len(line)
        key, _, value = line.decode("utf-8", "replace").partition("=")
        fields[key.strip().lower()] = value.strip()
        if key.strip().lower() == "elementdatafile":
            listed = start[at:].decode("utf-8", "replace").splitlines()
            break
    _refuse_no_numbers(path, fields)
    named = fields["elementdatafile"]
    files = () if named.lower() == "local" else _beside(path, _names(named, listed))
    channels = int(fields.get("elementnumberofchannels", 1))
    shape = (*(int(n) for n in fields["dimsize"].split()), *((channels,) if channels > 1 else ()))
    packed = fields.get("compresseddata", "false").lower().startswith(("t", "1"))
    binary = not fields.get("binarydata", "true").lower().startswith(("f", "0"))
    packing: Packing = "zlib" if packed else "raw" if binary else "other"
    number = _META_BYTES[fields["elementtype"].lower().removeprefix("met_").removesuffix("_array")]
    skip = int(fields.get("headersize", 0))
    scale, unit, unknown = _scale([fields.get("distanceunits", "")] * 3)
    offset = (0 if files else at) + (skip if files and skip > 0 else 0)
    slope, intercept = (
        float(fields.get(f"elementtointensityfunction{name}", default))
        for name, default in (("slope", 1), ("offset", 0))
    )
    return TextHeader(
        shape,
        number if binary else 2,
        packing,
        files,
        offset,
        scale,
        unit,
        unknown,
        slope=slope,
        intercept=intercept,
        placement=_meta_place(fields),
        orientation=_meta_orientation(fields),
        sized="elementspacing" in fields or "elementsize" in fields,
    )


def _meta_place(fields: dict[str, str]) -> str:
    turned = any(name in fields for name in ("transformmatrix", "rotation", "orientation"))
    return "" if turned or _meta_orientation(fields) else "its header has no TransformMatrix"


def _meta_orientation(fields: dict[str, str]) -> str:
    word = fields.get("anatomicalorientation", "").upper()
    return word if len(word) == 3 and all(set(word) & set(pair) for pair in ("LR", "AP", "IS")) else ""


def _scale(names: list[str]) -> tuple[np.ndarray, str, str]:
    said = [name for name in names if name.lower() not in _UNSAID]
    unknown = next((name for name in said if name.lower() not in MILLIMETERS), "")
    factors = [MILLIMETERS.get(name.lower(), 1.0) for name in names]
    return np.array((*factors, 1.0, 1.0, 1.0)[:3]), ", ".join(dict.fromkeys(said)), unknown


def _refuse_no_numbers(path: Path, fields: dict[str, str]) -> None:
    """Refuse a place that is NaN or infinite: ITK takes a NaN offset for 0.

    Raises:
        GeometryError: it names the field.
    """
    kinds = fields.get("kinds", "").lower().split()
    for name in _PLACES & fields.keys():
        words = re.findall(r"[^\s(),]+", fields[name])
        if name == "spacings" and len(kinds) == len(words):  # an axis of colors has none
            words = [w for w, kind in zip(words, kinds, strict=True) if kind in ("domain", "space", "???", "none")]
        elif name == "spacings" and len(words) > 3:
            words = words[-3:]
        odd = next((word for word in words if re.fullmatch(r"[+-]?(nan|inf|infinity)", word.lower())), None)
        if odd is not None:
            msg = f"{path}: its '{name}' holds {odd}, which is no finite number; correct the header"
            raise GeometryError(msg)


def _names(named: str, listed: list[str]) -> list[str]:
    """Files that a header names: one, a numbered series (``slice%03d.raw 1 60 1``), or a list of lines."""
    if re.fullmatch(r"LIST( +\d+)?", named):
        return [line.strip() for line in listed if line.strip()]
    pattern = re.fullmatch(r"(.*%0?\d*d.*?)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(\s+\d+)?", named)
    if not pattern:
        return [named]
    first, last, step = (int(pattern[n]) for n in (2, 3, 4))
    count = (last - first) // step + 1 if step else 0
    if not 0 < count <= 2**16:
        raise ValueError(named)
    return [pattern[1] % (first + n * step) for n in range(count)]


def _beside(header: Path, names: list[str]) -> tuple[Path, ...]:
    """The voxel files, each a regular file in the folder of its header."""
    found = []
    for name in names:
        plain = name.removeprefix("./")
        if not plain or plain in (".", "..") or re.search(r"[/\\\0]", plain) or re.match(r"[A-Za-z]:", plain):
            msg = (
                f"{header}: names {name!r} as its voxel file; only a file beside the header is read: put it there, and "
            )
            msg += "correct the name in the header"
            raise ReadError(msg)
        path = header.with_name(plain)
        if not path.is_file():
            what = "is no regular file" if path.exists() else "is not beside it"
            msg = f"{header}: its voxel file {name} {what}; copy both files into one folder"
            raise ReadError(msg)
        found.append(path)
    return tuple(found)
