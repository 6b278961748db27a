"""RGB and scalar volumes: NIfTI (RGB24) through nibabel, NRRD and MetaImage through SimpleITK."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import WriteError

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Of ISA-L: three times as fast as the fastest of zlib, files a tenth larger.
GZIP_LEVEL = 2

_RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def encode(result: FusionResult, what: str) -> Callable[[Path], None]:
    """What writes one image of a result (``"color"``, ``"luminance"``, ``"uptake"``) to a given path."""
    image: sitk.Image = getattr(result, what)
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    return lambda path: write_volume(image, path)


def write_volume(image: sitk.Image, path: Path) -> None:
    """Write a 3-D scalar or RGB image as NIfTI, NRRD or MetaImage, by the suffix of the path.

    RGB becomes datatype 128 (RGB24) in NIfTI and ``kinds: RGB-color`` in NRRD: what 3D Slicer and ITK-SNAP show in
    color.  NIfTI gets equal sform and qform (code 1, scanner), millimeters.
    """
    if path.name.lower().endswith((".nii", ".nii.gz")):
        _write_nifti(image, path)
        return
    sitk.WriteImage(image, str(path), useCompression=True)
    if path.suffix.lower() == ".nrrd" and image.GetNumberOfComponentsPerPixel() == 3:
        _name_colors(path)


def affine_of(image: sitk.Image) -> np.ndarray:
    """4x4 voxel-to-RAS affine in mm of an image whose geometry is LPS."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return np.diag((-1.0, -1.0, 1.0, 1.0)) @ affine


def _write_nifti(image: sitk.Image, path: Path) -> None:
    import nibabel as nib

    array = sitk.GetArrayViewFromImage(image)
    if image.GetNumberOfComponentsPerPixel() == 3:
        array = np.ascontiguousarray(array).view(_RGB24)[..., 0]
    affine = affine_of(image)
    file = nib.Nifti1Image(array.T, affine)
    file.set_sform(affine, code=1)
    file.set_qform(affine, code=1)
    file.header.set_xyzt_units("mm")
    file.header["descrip"] = b"coconet-med; research use, not for diagnosis"
    if path.suffix.lower() != ".gz":
        nib.save(file, path)
        return
    from isal import igzip

    # Neither name nor time in it: the same voxels give the same file.
    with path.open("wb") as whole, igzip.IGzipFile("", "wb", GZIP_LEVEL, whole, mtime=0) as stream:
        file.to_stream(stream)


def _name_colors(path: Path) -> None:
    """Say in an NRRD header that the first axis is color; SimpleITK writes ``vector``."""
    content = path.read_bytes()
    end = content.index(b"\n\n")
    header = content[:end]
    if b"kinds: vector " not in header:
        msg = f"{path}: the NRRD header is not as expected; write .nii.gz or .mha instead"
        raise WriteError(msg)
    path.write_bytes(header.replace(b"kinds: vector ", b"kinds: RGB-color ") + content[end:])
