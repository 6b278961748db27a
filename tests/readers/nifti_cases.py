"""NIfTI files with given codes, units and affines, and where a voxel of an image lies."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

RNG = np.random.default_rng(3)
TURN = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]])


PLACE = np.eye(4)
PLACE[:3, :3], PLACE[:3, 3] = TURN * [2, 2, 3], (-11, 20, 33)


def moved(affine: np.ndarray, *by: float) -> np.ndarray:
    result = affine.copy()
    result[:3, 3] += by
    return result


def write(
    path: Path, sform: np.ndarray, qform: np.ndarray, codes: tuple[int, int], *, unit: str = "mm", array=None
) -> Path:
    array = RNG.normal(100, 20, (7, 8, 9)).astype(np.float32) if array is None else array
    image = nib.Nifti1Image(array, None)
    image.header.set_qform(qform, 1)
    image.header.set_sform(sform, 1)
    image.header["sform_code"], image.header["qform_code"] = codes
    image.header.set_xyzt_units(unit)
    nib.Nifti1Image(array, None, image.header).to_filename(path)
    return path


def world(image: sitk.Image, voxel=(3, 4, 5)) -> np.ndarray:
    return np.array(image.TransformIndexToPhysicalPoint(voxel)) * (-1, -1, 1)


OBLIQUE = np.array([[-1.9, 0.3, 0.2, 80], [0.3, 1.9, -0.4, -70], [0.25, 0.4, 2.9, -50], [0, 0, 0, 1.0]])
U, _, VT = np.linalg.svd(OBLIQUE[:3, :3] / [2, 2, 3])
OBLIQUE[:3, :3] = U @ VT * [2, 2, 3]


def save(path: Path, array: np.ndarray, affine: np.ndarray = OBLIQUE, **header: float) -> Path:
    image = nib.Nifti1Image(array, affine)
    for key, value in header.items():
        image.header[key] = value
    nib.save(image, path)
    return path


def values(shape: tuple[int, ...] = (7, 8, 9)) -> np.ndarray:
    return RNG.normal(100, 20, shape).astype(np.float32)
