"""Read the slice pairs of the Whole Brain Atlas as the developers' data folder holds them.

Layout: ``<root>/<split>/<set>/<patient>_<slice>_{mri,pet|spect|ct}.png`` and ``<root>/colour_tables.csv`` with columns
table, index, r, g, b.  Research and education only: no pixel of it belongs into a release.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from coconet_med.color.nearest import nearest_colors
from coconet_med.errors import ReadError

AtlasSet = Literal["mri-pet", "mri-spect", "mri-ct"]
ATLAS_SETS: Final[tuple[AtlasSet, ...]] = ("mri-pet", "mri-spect", "mri-ct")
#: The three patient numbers of mri-pet are one person in three planes (data README, "Splits").
_ONE_PERSON: Final = frozenset({"25", "30", "41"})
#: Largest RGB distance at which a color still counts as one of the table (JPEG and resampling stay under it).
COLOR_TOLERANCE: Final = 12.0


@dataclass(frozen=True)
class AtlasPair:
    """One slice pair.

    Attributes:
        group: the set.
        case: ``"<patient>_<slice>"``.
        person: who is shown; comparable within one set only.
        anatomy: MRI, ``(j, i)`` uint8.
        function: the picture, ``(j, i, 3)`` RGB uint8 for PET and SPECT, ``(j, i)`` uint8 for CT.
        uptake: ``(j, i)`` float64, 0..1: index / (n - 1) in the color table; gray / 255 for CT.
    """

    group: AtlasSet
    case: str
    person: str
    anatomy: np.ndarray
    function: np.ndarray
    uptake: np.ndarray


def read_atlas(root: str | Path, *, split: str = "val", sets: Sequence[AtlasSet] = ATLAS_SETS) -> Iterator[AtlasPair]:
    """Pairs of the given sets in order of patient and slice.

    Raises:
        ReadError: if the folder, a partner of an MRI, or the table of a color is missing.
    """
    root = Path(root)
    tables = read_color_tables(root / "colour_tables.csv")
    for group in sets:
        folder = root / split / group
        paths = sorted(folder.glob("*_mri.png"), key=_patient_and_slice)
        if not paths:
            msg = f"{folder}: no *_mri.png here; give the folder that holds train/, val/ and colour_tables.csv"
            raise ReadError(msg)
        for path in paths:
            yield _read_pair(path, group, tables)


def read_color_tables(path: str | Path) -> dict[str, np.ndarray]:
    """Color tables by name: ``(n, 3)`` uint8 from no uptake to the top of the window."""
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = sorted(csv.DictReader(stream), key=lambda row: (row["table"], int(row["index"])))
    except (OSError, KeyError) as error:
        msg = f"{path}: cannot read the color tables (columns table, index, r, g, b): {error}"
        raise ReadError(msg) from error
    names = dict.fromkeys(row["table"] for row in rows)
    return {
        name: np.array([[int(r["r"]), int(r["g"]), int(r["b"])] for r in rows if r["table"] == name], dtype=np.uint8)
        for name in names
    }


def uptake_of_colors(
    rgb: np.ndarray, tables: Mapping[str, np.ndarray], *, tolerance: float = COLOR_TOLERANCE
) -> np.ndarray:
    """Invert a pseudo-color picture: level = index / (n - 1) in the table that fits it best.

    The best table is the one whose worst pixel is nearest; of several that fit alike, the longest.

    Args:
        rgb: ``(j, i, 3)`` uint8.
        tables: name -> ``(n, 3)`` colors in order of uptake.
        tolerance: largest RGB distance from a color to its nearest table color.

    Returns:
        ``(j, i)`` float64, 0..1; exact where the colors are the table's.

    Raises:
        ReadError: if no table has a color within ``tolerance`` of every pixel.
    """
    colors, where = np.unique(rgb.reshape(-1, 3), axis=0, return_inverse=True)
    fits = []
    for name, table in tables.items():
        index, distance = nearest_colors(colors, table)
        fits.append((float(distance.max()), -len(table), name, index))
    worst, size, name, index = min(fits, key=lambda fit: fit[:3])
    if worst > tolerance:
        msg = f"a color lies {worst:.0f} from the nearest of table {name} (allowed {tolerance:.0f}): not its picture"
        raise ReadError(msg)
    return (index[where.ravel()] / (-size - 1.0)).reshape(rgb.shape[:2])


def person_of(group: AtlasSet, patient: str) -> str:
    """The person behind a patient number within one set."""
    return "25-30-41" if group == "mri-pet" and patient in _ONE_PERSON else patient


def _patient_and_slice(path: Path) -> tuple[str, str]:
    patient, number, _ = path.stem.split("_")
    return patient, number


def _read_pair(path: Path, group: AtlasSet, tables: Mapping[str, np.ndarray]) -> AtlasPair:
    patient, number = _patient_and_slice(path)
    partner = path.with_name(f"{patient}_{number}_{group.removeprefix('mri-')}.png")
    anatomy = _read_png(path, "L")
    if group == "mri-ct":
        function = _read_png(partner, "L")
        uptake = function / 255.0
    else:
        function = _read_png(partner, "RGB")
        try:
            uptake = uptake_of_colors(function, tables)
        except ReadError as error:
            msg = f"{partner}: {error}"
            raise ReadError(msg) from error
    return AtlasPair(group, f"{patient}_{number}", person_of(group, patient), anatomy, function, uptake)


def _read_png(path: Path, mode: str) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode))
    except OSError as error:
        msg = f"{path}: cannot be read as a picture: {error}"
        raise ReadError(msg) from error
