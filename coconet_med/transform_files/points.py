"""Points that a person set in both images, matched by their names: 3D Slicer's markups, or a CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import OptionError, ReadError
from coconet_med.geometry import RAS_TO_LPS
from coconet_med.system.json_file import parse_json

#: What is read, for messages.
KNOWN = "3D Slicer markups (.mrk.json, .fcsv), or a CSV whose first line is label,R,A,S or label,L,P,S (mm)"
#: Points that lie on a line do not say how an image is turned about it: they must spread so far from it, mm.
SPREAD_MM = 5.0
LARGEST_BYTES = 4 << 20


@dataclass(frozen=True)
class Landmarks:
    """Pairs of points, and the rigid transform that takes one to the other as well as can be.

    Attributes:
        names: of the points.
        anatomy: (n, 3), LPS mm, in the anatomical image.
        function: (n, 3), the same points in the functional image.
        transform: takes an anatomical point to its functional point.
        residual_mm: root mean square of what is left between the pairs.
        refine: register from there on; else the transform is taken as it is.
    """

    names: tuple[str, ...]
    anatomy: np.ndarray
    function: np.ndarray
    transform: sitk.VersorRigid3DTransform
    residual_mm: float
    refine: bool = True


def read_landmarks(anatomy: str | Path, function: str | Path, *, refine: bool = True) -> Landmarks:
    """Points of both images, matched by their names.

    Args:
        anatomy: file of the points in the anatomical image.
        function: file of the same points in the functional image, in any order.
        refine: see :class:`Landmarks`.

    Raises:
        ReadError: a file is missing or none of :data:`KNOWN`, or a name is there twice.
        OptionError: fewer than three points of one name, or points that all lie on a line.
    """
    first, second = read_points(Path(anatomy)), read_points(Path(function))
    names = [name for name in first if name in second]
    if len(names) < 3:
        have = f"{', '.join(list(first)[:4])} and {', '.join(list(second)[:4])}"
        raise OptionError(
            f"--landmarks: {len(names)} points have the same name in both files ({have}); three are needed"
        )
    fixed, moving = (np.array([points[name] for name in names]) for points in (first, second))
    if min(_spread(fixed), _spread(moving)) < SPREAD_MM:
        raise OptionError("--landmarks: the points lie on a line, or in one place; add one that is off it")
    transform = sitk.VersorRigid3DTransform(
        sitk.LandmarkBasedTransformInitializer(
            sitk.VersorRigid3DTransform(), fixed.ravel().tolist(), moving.ravel().tolist()
        )
    )
    mapped = np.array([transform.TransformPoint(point) for point in fixed.tolist()])
    left = float(np.sqrt(((mapped - moving) ** 2).sum(axis=1).mean()))
    return Landmarks(tuple(names), fixed, moving, transform, left, refine)


def read_points(path: Path) -> dict[str, np.ndarray]:
    """Points of a file by their names, LPS mm.

    Raises:
        ReadError: no such file, another format, a point without three finite coordinates, or two points of one name.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ReadError(f"{path}: is too large for a file of points; give {KNOWN}")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: cannot be read as text; give {KNOWN}") from error
    document = None
    if path.suffix.lower() == ".json":
        try:
            document = parse_json(text)
        except ValueError as error:
            raise ReadError(f"{path}: {error}") from error
    try:
        found = _table(path, text) if document is None else _markups(document)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ReadError(f"{path}: is no file of points that is read; give {KNOWN}") from error
    points: dict[str, np.ndarray] = {}
    for name, place in found:
        if place.shape != (3,) or not np.isfinite(place).all():
            raise ReadError(f"{path}: the point {name} has no three numbers; set it again, or delete its line")
        if name in points:
            raise ReadError(f"{path}: has two points {name}; give each a name of its own")
        points[name] = place
    if not points:
        raise ReadError(f"{path}: holds no points; give {KNOWN}")
    return points


def _markups(document: Any) -> list[tuple[str, np.ndarray]]:
    """Markups JSON of 3D Slicer 5: points that were not placed are passed over."""
    (markup,) = document["markups"]
    if markup.get("coordinateUnits", "mm") not in ("mm", ["mm", "UCUM", "millimeter"]):
        raise ValueError(markup["coordinateUnits"])
    sign = _SIGNS[str(markup.get("coordinateSystem", "LPS")).upper()]
    points = [one for one in markup["controlPoints"] if one.get("positionStatus", "defined") == "defined"]
    return [(str(one["label"]), sign * np.array(one["position"], float)) for one in points]


def _table(path: Path, text: str) -> list[tuple[str, np.ndarray]]:
    """``.fcsv`` of 3D Slicer (its comments say the system and the columns), or a CSV with a first line."""
    lines = text.splitlines()
    comments = {
        key.strip(" #").lower(): value.strip() for key, _, value in (c.partition("=") for c in lines if c[:1] == "#")
    }
    rows = [row for row in csv.reader(line for line in lines if line.strip() and line[:1] != "#") if row]
    if "coordinatesystem" in comments:
        sign = _SIGNS[comments["coordinatesystem"].upper()]
        columns = [name.strip() for name in comments["columns"].split(",")]
        at = [columns.index(name) for name in ("label", "x", "y", "z")]
    else:
        columns = [name.strip().upper() for name in rows.pop(0)]
        system = "RAS" if "R" in columns else "LPS"
        sign = _SIGNS[system]
        at = [columns.index(name) for name in ("LABEL", *system)]
    if twice := [columns[n] for n in at if columns.count(columns[n]) > 1]:
        raise ReadError(f"{path}: has two columns {twice[0]}; delete the wrong one")
    return [(row[at[0]].strip(), sign * np.array([float(row[n]) for n in at[1:]])) for row in rows]


#: Signs that bring x, y, z to LPS; Slicer's older files have numbers for the systems.
_SIGNS = {name: np.array(sign, float) for name, sign in {
    "RAS": RAS_TO_LPS, "LPS": np.ones(3), "0": RAS_TO_LPS, "1": np.ones(3),
}.items()}  # fmt: skip


def _spread(points: np.ndarray) -> float:
    """How far the points spread from their best line, mm (root mean square)."""
    values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(values[1] / np.sqrt(len(points)))
