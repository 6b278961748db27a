"""Volumes read by SimpleITK (NRRD, MetaImage, MINC 2), and FreeSurfer's MGH through nibabel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError, ReadError
from coconet_med.geometry import FLIP, affine_of, put_at
from coconet_med.readers.checks import check_shape, first_line, three
from coconet_med.readers.headers import read_header
from coconet_med.readers.image import scalar_and_color
from coconet_med.readers.intact import check_packed
from coconet_med.readers.limits import check_promise
from coconet_med.source import Source
from coconet_med.system.digest import sha256_of

if TYPE_CHECKING:
    from coconet_med.readers.headers import TextHeader
    from coconet_med.source import Role

#: Bytes of one number of a MINC 2 volume as ITK hands it over.
_MINC_BYTES = 8


def read_itk(path: Path, role: Role) -> Source:
    """Read NRRD or MetaImage; their unit of length and MetaImage's slope are obeyed, which ITK does not.

    Raises:
        ReadError: damaged, not 3-D, a list of volumes, constant, colored where gray is needed, or its voxels lie
            elsewhere.
        GeometryError: the direction matrix is singular or sheared, or its unit cannot be right.
    """
    header = read_header(path)
    files = (path, *(header.files if header else ()))
    if header:
        holders = header.files or (path,)
        there = sum(max(file.stat().st_size - header.start, 0) for file in holders)
        parts = [(file, header.start) for file in holders]
        check_promise(path, header.shape, header.voxel_bytes, there, packing=header.packing, parts=parts)
        if header.volumes > 1:  # three of 8 bits would pass for red, green and blue
            msg = f"{path}: holds a list of {header.volumes} volumes (by its kinds), no colors; save the one that is"
            raise ReadError(f"{msg} meant as a file of its own, or a dynamic PET as 4-D NIfTI")
        check_packed(path, parts, header.packing)
    file = _load(path, path.suffix[1:].upper())
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    units = "its header names no unit of length, so that mm were taken"
    affine, size, file = _placed(file)
    if header and header.turn != (1, 1):
        affine = np.diag((*header.turn, 1.0, 1.0)) @ affine
        warnings += (
            f"{path.name}: its space has a time axis, and was read as its name says; ITK and 3D Slicer take it for "
            "LPS, so that there it lies turned or mirrored",
        )
    if header and header.unit:
        units = f"its header gives lengths in {header.unit}"
        affine[:3] *= header.scale[:, None]
    if header and len(size) > 2:
        warnings += _placement(path, header, file)
        if not header.sized:
            warnings += (f"{path.name}: its header gives no size of voxels, and 1 mm was taken, as ITK takes it",)
    if header and header.unknown_unit:
        warnings += (f"{path.name}: its unit of length {header.unknown_unit!r} is not known here and was taken as mm",)
    if header and not np.allclose(header.scale, 1):
        warnings += (
            f"{path.name}: lies in {header.unit} and was converted to mm; ITK and 3D Slicer ignore this unit, so that "
            "there it lies elsewhere than a result in mm",
        )
        details["affine"] = {"space_units": header.unit}
    if header and (header.slope, header.intercept) != (1, 0) and file.GetNumberOfComponentsPerPixel() == 1:
        file = _scaled(file, header.slope, header.intercept, path)
        warnings += (
            f"{path.name}: its ElementToIntensityFunction ({header.slope:g} x + {header.intercept:g}) was applied; ITK "
            "and 3D Slicer ignore it, so that they show other values",
        )
    if header and header.quantized:
        low, high = header.quantized
        warnings += (
            f"{path.name}: its numbers are a quantized form of values from {low:g} to {high:g} (old min, old max), and "
            "were taken as they are, as ITK takes them; for values in units unquantize it first (unu unquantize)",
        )
    planar = len(size) == 2
    return _source(
        file, affine, path, role, files=files, units=units, planar=planar, warnings=warnings, details=details
    )


def read_minc(path: Path, role: Role) -> Source:
    """Read MINC 2 (HDF5), whose world is RAS (MINC 2.0 file format reference).

    Raises:
        ReadError: MINC 1, damaged, not 3-D, constant, or in color.
        GeometryError: sheared, or of a size that no body has.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start[:3] == b"CDF":
        msg = f"{path}: is MINC 1 (netCDF), which is not read here; convert it: mincconvert -2 OLD.mnc NEW.mnc, or "
        msg += "mnc2nii"
        raise ReadError(msg)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("MINCImageIO")
    image = _load(path, "MINC 2", reader=reader, voxel_bytes=_MINC_BYTES)
    affine, size, image = _placed(image)
    if not _minc_is_turned():
        affine = FLIP @ affine  # what was taken for LPS is RAS
    return _source(image, affine, path, role, files=(path,), units="MINC gives lengths in mm", planar=len(size) == 2)


def read_mgh(path: Path, role: Role) -> Source:
    """Read FreeSurfer's ``.mgz`` or ``.mgh`` (RAS by its own direction cosines and center, mm).

    Raises:
        ReadError: damaged, several frames, constant.
        GeometryError: sheared, or of a size that no body has.
    """
    import nibabel as nib
    from isal import igzip

    packed = path.name.lower().endswith((".mgz", ".gz"))
    unplaced = False
    with igzip.open(path) if packed else path.open("rb") as stream:
        try:
            # nibabel (5.4) puts a default orientation, voxels of 1 mm and the flag itself where the flag is not set.
            unplaced = int.from_bytes(stream.read(30)[28:30], "big", signed=True) <= 0
            stream.seek(0)
            file = nib.MGHImage.from_stream(stream)
            shape, affine = file.shape, np.asarray(file.affine, np.float64)
            voxel_bytes = file.get_data_dtype().itemsize
        except Exception as error:  # nibabel raises many kinds for damaged headers
            msg = f"{path}: not a readable MGH file ({first_line(error)}); export or copy it again"
            raise ReadError(msg) from error
        check_shape(path, shape)
        offset = int(file.header.get_data_offset())
        there = path.stat().st_size - (0 if packed else offset)
        check_promise(path, shape, voxel_bytes, there, packing="gzip" if packed else "raw", offset=offset)
        try:
            data = np.asanyarray(file.dataobj).reshape(three(shape))
        except Exception as error:  # truncated or corrupt data
            msg = f"{path}: the header is readable but the voxels are not ({first_line(error)}); copy the file again"
            raise ReadError(msg) from error
    image, _, warnings = scalar_and_color(data.transpose(2, 1, 0), path.name, role, color=False)
    warnings += put_at((image,), affine, str(path), units="MGH gives lengths in mm")
    if unplaced:
        words = "the header gives no orientation (goodRASFlag is 0), and FreeSurfer's default was taken"
        warnings += (f"{path.name}: {words}: coronal slices, voxels of 1 mm; left and right are a guess",)
    return Source(image, path.name, files=(path,), sha256=sha256_of(path), warnings=warnings)


def _load(path: Path, kind: str, *, reader: sitk.ImageFileReader | None = None, voxel_bytes: int = 0) -> sitk.Image:
    """The image as ITK has it, after its header was looked at."""
    reader = reader or sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        size = reader.GetSize()
        check_shape(path, size)
        if voxel_bytes:
            components = reader.GetNumberOfComponents()
            check_promise(path, size, voxel_bytes * components, path.stat().st_size, packing="other")
        return reader.Execute()
    except RuntimeError as error:
        text = str(error)
        if "orthonormal" in text or "Determinant" in text or "direction" in text:
            msg = f"{path}: the axes are sheared or singular; resample it on a rectangular grid first"
            raise GeometryError(msg) from error
        if "number of domain axes" in text:
            msg = f"{path}: has more axes than its space, and no kinds that say which of them is none of space "
            msg += "(several volumes in one file); save the volume that is meant as a 3-D file of its own"
            raise ReadError(msg) from error
        if "bzip2" in text:
            msg = f"{path}: is packed with bzip2, which this SimpleITK does not unpack; save it with gzip or unpacked"
            raise ReadError(msg) from error
        msg = f"{path}: not a readable {kind} file ({first_line(error)}); export or copy it again"
        raise ReadError(msg) from error


def _scaled(file: sitk.Image, slope: float, intercept: float, path: Path) -> sitk.Image:
    """Values of stored numbers, as MetaImage's ElementToIntensityFunction says.

    Raises:
        ReadError: the slope is 0 or not finite: all values would be one.
    """
    if not (np.isfinite(slope) and np.isfinite(intercept) and slope):
        msg = f"{path}: its ElementToIntensityFunction ({slope:g} x + {intercept:g}) makes no values; export it again"
        raise ReadError(msg)
    return sitk.ShiftScale(sitk.Cast(file, sitk.sitkFloat64), shift=intercept / slope, scale=slope)


def _placement(path: Path, header: TextHeader, file: sitk.Image) -> tuple[str, ...]:
    """What is unsure of where the patient's left is.

    ``RAI`` is what many programs write into MetaImage whatever the matrix, so that it contradicts nothing.
    Others name where an axis comes from, or where it leads; both are accepted.
    """
    if header.placement:
        return (
            f"{path.name}: {header.placement}; its axes were taken as those of LPS, as ITK takes them, but left and "
            "right are a guess",
        )
    towards = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(file.GetDirection())
    origins = towards.translate(str.maketrans("LRAPIS", "RLPASI"))
    if header.orientation in ("", "RAI", towards, origins):
        return ()
    return (
        f"{path.name}: its AnatomicalOrientation says {header.orientation}, its TransformMatrix {origins}; the matrix "
        "was taken, as ITK and 3D Slicer do: look which side is left",
    )


def _placed(file: sitk.Image) -> tuple[np.ndarray, tuple[int, ...], sitk.Image]:
    """Affine (RAS, in the unit of the file), size as stored, and the image with three axes."""
    size = file.GetSize()
    for axis in range(file.GetDimension() - 1, 2, -1):
        file = file[(slice(None),) * axis + (0,)]
    if len(size) == 2:
        file = sitk.JoinSeries(file)
    return affine_of(file), size, file


def _source(
    file: sitk.Image,
    affine: np.ndarray,
    path: Path,
    role: Role,
    *,
    files: tuple[Path, ...],
    units: str,
    planar: bool,
    warnings: tuple[str, ...] = (),
    details: dict[str, Any] | None = None,
) -> Source:
    """The source of an ITK image and its affine (RAS, mm)."""
    components = file.GetNumberOfComponentsPerPixel()
    if components not in (1, 3):
        msg = f"{path}: has {components} values a voxel; give a scalar volume, or RGB for a pseudo-color one"
        raise ReadError(msg)
    array = sitk.GetArrayViewFromImage(file)
    image, picture, found = scalar_and_color(array, path.name, role, color=components == 3)
    warnings += put_at((image, picture), affine, str(path), units=None if planar else units)
    return Source(
        image,
        path.name,
        files=files,
        sha256=sha256_of(*files),
        planar=planar,
        color=picture,
        warnings=(*found, *warnings),
        details=details or {},
    )


@cache
def _minc_is_turned() -> bool:
    """Whether this SimpleITK turns the world of MINC (RAS) into that of ITK (LPS): 2.5.7 does not, later ones may.

    Asked of a file of 8 voxels whose first lies at x = 1, y = 2, z = 3 mm.

    Raises:
        ReadError: it is neither.
    """
    probe = sitk.ReadImage(str(Path(__file__).with_name("minc_world.mnc")), imageIO="MINCImageIO")
    origin = np.array(probe.GetOrigin())
    for turned, expected in ((False, (1, 2, 3)), (True, (-1, -2, 3))):
        if np.allclose(origin, expected):
            return turned
    msg = f"SimpleITK {sitk.Version.VersionString()} puts MINC files at an unexpected place; convert them with mnc2nii"
    raise ReadError(msg)
