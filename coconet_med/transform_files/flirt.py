"""The matrix of FSL FLIRT (``-omat``), which means nothing without its two images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coconet_med.errors import GeometryError, OptionError, ReadError
from coconet_med.geometry import in_other_world
from coconet_med.source import Source
from coconet_med.transform_files.stored import Grid, StoredTransform, inverse, starts_at_function

NIFTI = (".nii", ".nii.gz")


@dataclass(frozen=True, eq=False)
class _Nifti(Grid):
    """A grid with the voxel sizes of its header (pixdim), which FLIRT counts in."""

    spacing: tuple[float, ...]


def read_flirt(
    matrix: np.ndarray,
    path: Path,
    anatomy: Source,
    function: Source,
    images: tuple[str | Path, str | Path] | None,
) -> StoredTransform:
    """The transform of a FLIRT matrix between two images.

    FLIRT's points are voxel indices times voxel sizes, along a first axis that is turned round where the affine of the
    image has a positive determinant (FSL, "FLIRT / FAQ"); the matrix takes those of ``-in`` to those of ``-ref``.

    Args:
        matrix: 4 x 4 as in the file.
        path: the file.
        anatomy: the pair.
        function: likewise.
        images: NIfTI files that were ``-in`` and ``-ref``; without them function and anatomy, if these are NIfTI.

    Raises:
        OptionError: the pair is no NIfTI and no images are given.
        ReadError: an image cannot be read.
        GeometryError: the images are not those of the pair.
    """
    if images is None:
        files = [source.files[0] if source.files else None for source in (function, anatomy)]
        if not all(file is not None and file.name.lower().endswith(NIFTI) for file in files):
            raise OptionError(
                f"{path.name}: is an FSL FLIRT matrix, which means nothing without its images; name them with "
                "--transform-images IN.nii.gz REF.nii.gz"
            )
        start, end = (_grid(Path(str(file))) for file in files)
        forward: bool | None = True
    else:
        start, end = (_grid(Path(file)) for file in images)
        forward = starts_at_function(start, end, anatomy, function)
        if forward is None and not start.is_that_of(function):
            names = " and ".join(Path(file).name for file in images)
            raise GeometryError(
                f"--transform-images: {names} lie elsewhere than {function.name} and {anatomy.name}; give the two "
                "images that FLIRT had as -in and -ref"
            )
    points = _between(matrix, start, end)
    swapped = _between(matrix, end, start)  # had it been made with the two images the other way round
    otherwise = _of_worlds(matrix, path.name)
    if forward is False:
        stated = "from -in (the anatomy) to -ref (the function)"
        return StoredTransform(points, inverse(swapped, path.name), path.name, "FSL FLIRT matrix", stated, otherwise)
    stated = "from -in (the function) to -ref (the anatomy)"
    return StoredTransform(inverse(points, path.name), swapped, path.name, "FSL FLIRT matrix", stated, otherwise)


def _of_worlds(matrix: np.ndarray, name: str) -> tuple[tuple[str, np.ndarray], ...]:
    """The same numbers as a matrix between world points (RAS, mm), as greedy, NiftyReg and MRtrix write them."""
    points = in_other_world(matrix)
    return (("of world points (RAS)", points), ("of world points (RAS), inverted", inverse(points, name)))


def _between(matrix: np.ndarray, start: _Nifti, end: _Nifti) -> np.ndarray:
    """World points of ``start`` to those of ``end``, LPS, mm."""
    world = end.affine @ np.linalg.inv(_scaled(end)) @ matrix @ _scaled(start) @ np.linalg.inv(start.affine)
    return in_other_world(world)


def _scaled(grid: _Nifti) -> np.ndarray:
    """Voxel indices to FLIRT's points, 4 x 4."""
    spacing = np.array(grid.spacing)
    scaled = np.diag((*spacing, 1.0))
    if np.linalg.det(grid.affine[:3, :3]) > 0:
        scaled[0, 0], scaled[0, 3] = -spacing[0], (grid.size[0] - 1) * spacing[0]
    return scaled


def _grid(path: Path) -> _Nifti:
    """Size and affine of a NIfTI file, the sform where it has a code, as FSL takes it."""
    import nibabel as nib

    try:
        image: Any = nib.load(path)
    except Exception as error:  # nibabel raises many kinds for damaged headers
        raise ReadError(f"{path}: cannot be read as the NIfTI image of a FLIRT matrix; check the path") from error
    width, height, depth = (float(size) for size in image.header.get_zooms()[:3])
    return _Nifti(tuple(int(n) for n in image.shape[:3]), np.asarray(image.affine, float), (width, height, depth))
