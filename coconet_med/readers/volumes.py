"""Volumes with an affine: NIfTI through nibabel, NRRD and MetaImage through SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError, ReadError
from coconet_med.readers.checks import sha256_of
from coconet_med.readers.image import scalar_and_color
from coconet_med.volume import Source

if TYPE_CHECKING:
    from coconet_med.volume import Role

#: Largest deviation from a right angle between two axes (as a cosine) that is taken for rounding.
SHEAR_TOLERANCE = 1e-4

#: Voxels that are read at most: 2 GiB as float32.
VOXEL_LIMIT = 2**29

_RAS_TO_LPS = np.array((-1.0, -1.0, 1.0))


def read_nifti(path: Path, role: Role) -> Source:
    """Read a NIfTI-1 or NIfTI-2 file; the sform is used where its code is set, else the qform, as nibabel does.

    Raises:
        ReadError: not NIfTI, damaged, not 3-D, complex, constant, or colored where grey is needed.
        GeometryError: the affine is singular or sheared.
    """
    import nibabel as nib

    try:
        file = nib.load(path)
        shape, affine = file.shape, np.asarray(file.affine, np.float64)
    except Exception as error:  # nibabel raises many kinds for damaged headers
        msg = f"{path}: not a readable NIfTI file ({_first_line(error)}); export or copy it again"
        raise ReadError(msg) from error
    _check_shape(path, shape)
    try:
        data = np.asanyarray(file.dataobj)
    except Exception as error:  # truncated or corrupt data: zlib, EOF and value errors
        msg = f"{path}: the header is readable but the voxels are not ({_first_line(error)}); copy the file again"
        raise ReadError(msg) from error
    color = data.dtype.names is not None
    if color:
        data = np.stack([data[channel] for channel in ("R", "G", "B")], axis=-1)
    data = data.reshape((*_three(shape), 3) if color else _three(shape))
    spacing, origin, direction = geometry_from_affine(affine, str(path))
    image, picture, warnings = scalar_and_color(np.moveaxis(data, (0, 1, 2), (2, 1, 0)), path.name, role, color=color)
    _place((image, picture), spacing, origin, direction)
    axis = file.header.get_dim_info()[2] if hasattr(file.header, "get_dim_info") else None
    if int(file.header.get("sform_code", 1)) == 0 and int(file.header.get("qform_code", 1)) == 0:
        warnings += (f"{path.name}: the NIfTI header gives no orientation; left and right are a guess",)
    return Source(
        image, path.name, files=(path,), sha256=sha256_of(path), slice_axis=axis, color=picture, warnings=warnings
    )


def read_itk(path: Path, role: Role) -> Source:
    """Read NRRD or MetaImage.

    Raises:
        ReadError: damaged, not 3-D, constant, or colored where grey is needed.
        GeometryError: the direction matrix is singular or sheared.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_shape(path, reader.GetSize())
        file = reader.Execute()
    except RuntimeError as error:
        text = str(error)
        if "orthonormal" in text or "Determinant" in text or "direction" in text:
            msg = f"{path}: the axes are sheared or singular; resample it on a rectangular grid first"
            raise GeometryError(msg) from error
        msg = f"{path}: not a readable {path.suffix[1:].upper()} file ({_first_line(error)}); export or copy it again"
        raise ReadError(msg) from error
    size = file.GetSize()
    for axis in range(file.GetDimension() - 1, 2, -1):
        file = file[(slice(None),) * axis + (0,)]
    if len(size) == 2:
        file = sitk.JoinSeries(file)
    matrix = np.array(file.GetDirection()).reshape(3, 3) * file.GetSpacing()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix * _RAS_TO_LPS[:, None], _RAS_TO_LPS * file.GetOrigin()
    spacing, origin, direction = geometry_from_affine(affine, str(path))
    components = file.GetNumberOfComponentsPerPixel()
    if components not in (1, 3):
        msg = f"{path}: has {components} values a voxel; give a scalar volume, or RGB for a pseudo-color one"
        raise ReadError(msg)
    image, picture, warnings = scalar_and_color(
        sitk.GetArrayViewFromImage(file), path.name, role, color=components == 3
    )
    _place((image, picture), spacing, origin, direction)
    files = (path, *_detached_data(path))
    return Source(
        image, path.name, files=files, sha256=sha256_of(*files), planar=len(size) == 2, color=picture, warnings=warnings
    )


def geometry_from_affine(
    affine: np.ndarray, name: str
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Spacing (mm), origin (mm) and direction (row-major 3x3) in LPS of a 4x4 voxel-to-RAS affine in mm.

    Raises:
        GeometryError: entries not finite, columns of no length or in one plane, or axes not at right angles.
    """
    matrix = affine[:3, :3] * _RAS_TO_LPS[:, None]
    spacing = np.linalg.norm(matrix, axis=0)
    if not np.isfinite(affine).all() or (spacing <= 0).any():
        msg = f"{name}: the affine is singular (voxel size {_numbers(spacing)} mm); repair its header"
        raise GeometryError(msg)
    direction = matrix / spacing
    if abs(np.linalg.det(direction)) < 1e-3:
        msg = f"{name}: the affine is singular (two axes point the same way); repair its header"
        raise GeometryError(msg)
    shear = np.abs(direction.T @ direction - np.eye(3)).max()
    if shear > SHEAR_TOLERANCE:
        angle = np.degrees(np.arcsin(min(shear, 1.0)))
        msg = f"{name}: the affine is sheared by {angle:.2g} degrees; resample it on a rectangular grid first"
        raise GeometryError(msg)
    u, _, vt = np.linalg.svd(direction)  # the nearest exact rotation: ITK asks for orthonormal directions
    origin = affine[:3, 3] * _RAS_TO_LPS
    return tuple(spacing.tolist()), tuple(origin.tolist()), tuple((u @ vt).ravel().tolist())


def _place(
    images: tuple[sitk.Image | None, ...],
    spacing: tuple[float, ...],
    origin: tuple[float, ...],
    direction: tuple[float, ...],
) -> None:
    for image in images:
        if image is not None:
            image.SetSpacing(spacing)
            image.SetOrigin(origin)
            image.SetDirection(direction)


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    return tuple((*shape, 1, 1)[:3])  # type: ignore[return-value]


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) > 3 and any(n != 1 for n in shape[3:]):
        msg = (
            f"{path}: is {len(shape)}-D ({' x '.join(map(str, shape))}); give one 3-D volume: choose a frame, or "
            "average the frames, first"
        )
        raise ReadError(msg)
    if len(shape) < 2:
        msg = f"{path}: is {len(shape)}-D; give a 3-D volume"
        raise ReadError(msg)
    voxels = int(np.prod([int(n) for n in shape], dtype=object))
    if voxels > VOXEL_LIMIT or voxels < 1:
        msg = f"{path}: the header states {' x '.join(map(str, shape))} voxels; 1 to {VOXEL_LIMIT} can be read"
        raise ReadError(msg)


def _detached_data(path: Path) -> tuple[Path, ...]:
    """The data file beside an ``.mhd`` or ``.nhdr`` header, so that the hash covers the voxels."""
    if path.suffix.lower() not in (".mhd", ".nhdr"):
        return ()
    for line in path.read_text(errors="replace").splitlines():
        key, _, value = line.replace("=", ":", 1).partition(":")
        if key.strip().lower() in ("elementdatafile", "data file", "datafile"):
            data = path.parent / value.strip()
            return (data,) if data.is_file() else ()
    return ()


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{v:g}" for v in values)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]
