"""Points in both images, in the files that programs write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk

#: Places in the generated head, LPS mm, that a person would find again.
PLACES = {
    "nasion": (0.0, -85.0, 0.0),
    "left ear": (70.0, 5.0, -20.0),
    "right ear": (-70.0, 5.0, -20.0),
    "vertex": (0.0, 10.0, 85.0),
}


def markups(points: dict, path: Path, *, system: str = "LPS") -> Path:
    sign = np.array((-1, -1, 1) if system == "RAS" else (1, 1, 1))
    control = [
        {"label": n, "position": (sign * np.array(p)).tolist(), "positionStatus": "defined"} for n, p in points.items()
    ]
    control.append({"label": "later", "position": [0, 0, 0], "positionStatus": "undefined"})
    markup = {"type": "Fiducial", "coordinateSystem": system, "coordinateUnits": "mm", "controlPoints": control}
    path.write_text(json.dumps({"markups": [markup]}), encoding="utf-8")
    return path


def csv_file(points: dict, path: Path, *, system: str = "RAS") -> Path:
    sign = np.array((-1, -1, 1) if system == "RAS" else (1, 1, 1))
    lines = [f"{name},{','.join(str(v) for v in sign * np.array(p))}" for name, p in points.items()]
    path.write_text("\n".join([f"label,{','.join(system)}", *lines]), encoding="utf-8")
    return path


def point_files(tmp_path: Path, move: sitk.Euler3DTransform, *, noise: float = 0.0, **other) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    there = {name: np.array(move.TransformPoint(p)) + noise * rng.normal(size=3) for name, p in PLACES.items()} | other
    return markups(PLACES, tmp_path / "mri.mrk.json"), csv_file(dict(reversed(there.items())), tmp_path / "pet.csv")
