"""Undoing pseudo-color: pictures that were painted through a known palette become scalars again.

Luminance of a pseudo-color picture is no measure of uptake (in common palettes the hottest color is darker than a
middling one), so whenever the palette is known the scalar behind it is what must be fused.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.color.known_palettes import known_palettes
from coconet_med.color.nearest import nearest_colors
from coconet_med.errors import ReadError

#: Farthest RGB distance (0 to 441) at which a color still counts as one of the palette: JPEG noise passes.
TOLERANCE = 16.0


def scalar_from_palette(rgb: ArrayLike, table: ArrayLike, *, tolerance: float = TOLERANCE) -> np.ndarray:
    """The scalar behind a pseudo-color picture.

    Each pixel takes the level of its color in the palette, level = index / (n - 1); a color that is not in it takes
    the nearest one (Euclidean in RGB).  A color that stands in the palette more than once takes its first place.

    Args:
        rgb: ``uint8`` (..., 3).
        table: palette in order of rising level, ``uint8`` (n, 3), as :func:`load_palette` gives it.
        tolerance: farthest RGB distance from the palette that is accepted; 0 asks for exact colors.

    Returns:
        ``float32`` (...), in [0, 1].

    Raises:
        ReadError: a color lies farther from the palette than the tolerance, or an array is not RGB.

    Example:
        >>> scalar_from_palette([[[0, 0, 0], [255, 0, 0]]], [[0, 0, 0], [128, 0, 0], [255, 0, 0]]).tolist()
        [[0.0, 1.0]]
    """
    rgb, table = _integers(rgb, "the picture"), _integers(table, "the palette")
    if table.ndim != 2 or len(table) < 2:
        msg = f"a palette is a list of at least 2 RGB colors, not an array of shape {table.shape}"
        raise ReadError(msg)
    colors, place, count = np.unique(rgb.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    nearest, distance = nearest_colors(colors, table)
    far = distance > tolerance
    if far.any():
        worst = tuple(int(value) for value in colors[distance.argmax()])
        msg = (
            f"{count[far].sum() / count.sum():.1%} of the pixels are not in the palette (farthest: RGB {worst}, "
            f"distance {distance.max():.0f}, tolerance {tolerance:g}): give the palette the picture was painted with"
        )
        raise ReadError(msg)
    level = nearest / (len(table) - 1)
    return level[place.reshape(-1)].reshape(rgb.shape[:-1]).astype(np.float32)


def load_palette(path_or_name: str | Path) -> np.ndarray:
    """Read a palette: ``uint8`` (n, 3) in order of rising level.

    Args:
        path_or_name: a name in :func:`coconet_med.color.known_palettes.known_palettes` (``hot``, ``hot-iron``, ``pet``,
            ``rainbow``, ``jet``, ...), or a CSV file with the columns ``r, g, b`` (0 to 255) and optionally ``index``
            (the order) and ``table`` (a name, where one file holds several; choose one with ``file.csv#name``).

    Raises:
        ReadError: no such file, map or table, several tables and none chosen, or a row that is not a color.
    """
    name = str(path_or_name)
    known = known_palettes()
    if name in known:
        return known[name]()
    path, chosen = Path(name), ""
    if not path.is_file() and "#" in name:
        file, _, chosen = name.rpartition("#")
        path = Path(file)
    if not path.is_file():
        msg = f"palette {name!r} not found: give a CSV file (columns r, g, b; file.csv#table) or {', '.join(known)}"
        raise ReadError(msg)
    return _ordered(_chosen_rows(path, chosen), path)


def _chosen_rows(path: Path, chosen: str) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            rows, columns = list(reader), list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"cannot read palette {path}: {error}"
        raise ReadError(msg) from error
    if not {"r", "g", "b"} <= set(columns):
        msg = f"palette {path} lacks the columns r, g, b (it has {', '.join(sorted(columns)) or 'none'})"
        raise ReadError(msg)
    for name in ("index", "table", "r", "g", "b"):
        if columns.count(name) > 1:
            raise ReadError(f"palette {path} has {columns.count(name)} columns {name}: delete the wrong ones")
    tables = list(dict.fromkeys(row["table"] for row in rows)) if "table" in columns else []
    if not chosen and len(tables) < 2:
        return rows
    if chosen not in tables:
        if tables:
            msg = f"palette file {path} holds {', '.join(tables)}: choose one of them, as in {path.name}#{tables[0]}"
        else:
            msg = f"palette file {path} holds one palette without a name (no column 'table'): leave out #{chosen}"
        raise ReadError(msg)
    return [row for row in rows if row["table"] == chosen]


def _color(row: dict[str, str]) -> tuple[int, int, int]:
    return int(row["r"]), int(row["g"]), int(row["b"])


def _ordered(rows: list[dict[str, str]], path: Path) -> np.ndarray:
    try:
        if rows and "index" in rows[0]:
            by_index = sorted((int(row["index"]), *_color(row)) for row in rows)
            for first, second in pairwise(dict.fromkeys(by_index)):
                if first[0] == second[0]:
                    msg = f"palette {path} has the index {first[0]} twice, with {first[1:]} and {second[1:]}: keep one"
                    raise ReadError(msg)
            colors = np.array([row[1:] for row in dict.fromkeys(by_index)])
        else:
            colors = np.array([_color(row) for row in rows])
    except (TypeError, ValueError) as error:
        msg = f"palette {path} has a row that is not index and three whole numbers r, g, b: {error}"
        raise ReadError(msg) from error
    if len(colors) < 2 or colors.min() < 0 or colors.max() > 255:
        msg = f"palette {path} needs at least 2 colors with values 0 to 255"
        raise ReadError(msg)
    return colors.astype(np.uint8)


def _integers(values: ArrayLike, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim < 1 or array.shape[-1] != 3 or array.dtype.kind not in "ui":
        msg = f"{name} must hold RGB whole numbers with 3 channels last, not {array.dtype} of shape {array.shape}"
        raise ReadError(msg)
    return array.astype(np.int16)
