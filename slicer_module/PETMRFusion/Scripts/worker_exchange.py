"""Volumes as they travel between Slicer and the worker: a ``.npy`` array and a matrix.

Never NIfTI: it loses shear.  Arrays are (k, j, i); matrices are 4 x 4, voxel (i, j, k) to RAS in mm.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import SimpleITK as sitk


def read_array(folder: Path, volume: dict[str, Any]) -> np.ndarray:
    """The voxels of a volume of the orders: (k, j, i) or (k, j, i, 3)."""
    return np.load(folder / volume["array"], allow_pickle=False)


def to_image(array: np.ndarray, ijk_to_ras: Any, *, upright: bool = False) -> sitk.Image:
    """SimpleITK image of an array and its matrix.

    Args:
        array: (k, j, i), or (k, j, i, 3) for colors.
        ijk_to_ras: voxel to RAS, mm.
        upright: put a sheared grid on the nearest rectangular one.  Only for work in which both images lie on one grid
            and the directions decide nothing but which way is up.
    """
    import SimpleITK as sitk

    from coconet_med.geometry import nearest_rotation, set_geometry, split_affine

    spacing, origin, direction = split_affine(np.asarray(ijk_to_ras, float))
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=array.ndim == 4)
    set_geometry(image, spacing, origin, nearest_rotation(direction) if upright else direction)
    return image


def write_array(folder: Path, name: str, array: np.ndarray) -> str:
    """Write ``name`` (without suffix) whole or not at all; returns the name of the file."""
    part = folder / f"{name}.part.npy"
    np.save(part, array, allow_pickle=False)
    part.replace(folder / f"{name}.npy")
    return f"{name}.npy"


def write_facts(folder: Path, name: str, facts: dict[str, Any]) -> None:
    """Write a JSON document."""
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1, allow_nan=False), encoding="utf-8")
