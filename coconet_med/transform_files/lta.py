"""FreeSurfer's linear transform array (.lta), as ``mri_coreg``, ``mri_robust_register`` and ``bbregister`` write it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coconet_med.errors import GeometryError, ReadError
from coconet_med.geometry import in_other_world
from coconet_med.source import Source
from coconet_med.transform_files.stored import Grid, StoredTransform, inverse, starts_at_function

#: ``type`` of the file (FreeSurfer, transform.h): what the matrix takes to what.
VOXEL_TO_VOXEL, RAS_TO_RAS = 0, 1


def read_lta(text: str, path: Path, anatomy: Source, function: Source) -> StoredTransform:
    """The transform of an LTA file between two images.

    It goes from its ``src`` to its ``dst`` volume; which of them is the functional one follows from where they lie.
    Where both grids are equal, or neither is known, ``src`` is the functional image (FreeSurfer's moving one).

    Raises:
        ReadError: damaged, of several transforms, or of a type that is not read.
        GeometryError: of other images than these two.
    """
    try:
        kind, matrix, volumes = _parsed(text)
    except (ValueError, IndexError, KeyError) as error:
        raise ReadError(f"{path}: is no complete LTA file; write it again with lta_convert") from error
    if kind not in (VOXEL_TO_VOXEL, RAS_TO_RAS):
        raise ReadError(
            f"{path}: is an LTA of type {kind}, and 0 (voxels) and 1 (RAS) are read; convert it with "
            f"lta_convert --inlta {path.name} --outlta ras.lta"
        )
    source, target = volumes["src"], volumes["dst"]
    if kind == VOXEL_TO_VOXEL:
        if source is None or target is None:
            raise ReadError(
                f"{path}: goes from voxels to voxels of volumes it does not describe; give a RAS to RAS LTA"
            )
        matrix = target.affine @ matrix @ np.linalg.inv(source.affine)
    forward = starts_at_function(source, target, anatomy, function) if source and target else None
    if source and target and forward is None and not (source.is_that_of(function) or source.is_that_of(anatomy)):
        grids = {"src": source, "dst": target}
        words = " and ".join(f"{name} of {'x'.join(map(str, grid.size))}" for name, grid in grids.items())
        raise GeometryError(
            f"{path}: is between other images ({words} voxels) than {function.name} and {anatomy.name}; give the LTA "
            "of these two"
        )
    points = in_other_world(matrix)  # src to dst, LPS
    back = inverse(points, path.name)
    if forward is False:
        stated = "from its src (the anatomy, as the grids show) to its dst"
        return StoredTransform(points, back, path.name, "FreeSurfer LTA", stated)
    known = "as the grids show" if forward else "as FreeSurfer names the moving image"
    stated = f"from its src (the function, {known}) to its dst"
    return StoredTransform(back, points, path.name, "FreeSurfer LTA", stated)


def _parsed(text: str) -> tuple[int, np.ndarray, dict[str, Grid | None]]:
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    values = [line.partition("=") for line in lines]
    head = {key.strip(): value.strip() for key, sign, value in values if sign}
    if int(head.get("nxforms", "1")) != 1:
        raise ValueError
    at = lines.index("1 4 4")
    matrix = np.array([line.split() for line in lines[at + 1 : at + 5]], float)
    if matrix.shape != (4, 4):
        raise ValueError
    return int(head["type"].split()[0]), matrix, {name: _volume(lines, name) for name in ("src", "dst")}


def _volume(lines: list[str], name: str) -> Grid | None:
    """The grid under ``src volume info``; ``None`` where the file says that it is not valid."""
    at = lines.index(f"{name} volume info")
    facts = {}
    for line in lines[at + 1 : at + 9]:
        key, sign, value = line.partition("=")
        if not sign:
            break
        facts[key.strip()] = value.split()
    if facts["valid"][0] != "1":
        return None
    size = tuple(int(n) for n in facts["volume"])
    axes = np.column_stack([np.array(facts[f"{axis}ras"], float) for axis in "xyz"])
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(facts["voxelsize"], float)
    affine[:3, 3] = np.array(facts["cras"], float) - affine[:3, :3] @ (np.array(size) / 2)  # cras: at voxel size / 2
    return Grid(size, affine)
