"""A head, a known move, and files that state it."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from coconet_med.source import Source


def tfm(matrix: np.ndarray, path: Path) -> Path:
    transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    sitk.WriteTransform(transform, str(path))
    return path


def sources(paths: tuple[Path, Path]) -> tuple[Source, Source]:
    from coconet_med.readers import read

    return read(paths[0], "anatomy"), read(paths[1], "function")


def close(found: np.ndarray, move: np.ndarray) -> None:
    np.testing.assert_allclose(found, move, atol=2e-4)


FLIP = np.diag((-1.0, -1.0, 1.0, 1.0))


def flirt(matrix: np.ndarray, start: Path, end: Path, path: Path) -> Path:
    """The FLIRT matrix of RAS ``matrix`` from one NIfTI file to another, found from eight corners point by point."""

    def scaled(file: Path, voxel: np.ndarray) -> np.ndarray:
        image = nib.load(file)
        i, j, k = voxel
        if np.linalg.det(image.affine[:3, :3]) > 0:  # neurological storage: FSL turns the first axis round
            i = image.shape[0] - 1 - i
        return np.array([i, j, k]) * image.header.get_zooms()[:3]

    first, second = nib.load(start).affine, nib.load(end).affine
    voxels = np.array([[n & 1, n >> 1 & 1, n >> 2 & 1] for n in range(8)]) * 30.0
    there = [(np.linalg.inv(second) @ matrix @ first @ [*v, 1.0])[:3] for v in voxels]
    left = np.array([[*scaled(start, v), 1.0] for v in voxels])
    right = np.array([[*scaled(end, v), 1.0] for v in there])
    found = np.linalg.lstsq(left, right, rcond=None)[0].T
    path.write_text("\n".join("  ".join(f"{v:.12f}" for v in row) + "  " for row in found) + "\n", encoding="utf-8")
    return path
