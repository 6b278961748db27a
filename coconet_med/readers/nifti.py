"""NIfTI-1 and NIfTI-2, in one file or as a pair ``.hdr`` and ``.img``, plain or gzip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.errors import GeometryError, ReadError
from coconet_med.geometry import AffineChoice, put_at
from coconet_med.readers.checks import check_shape, first_line, three
from coconet_med.readers.forms import choose_form
from coconet_med.readers.image import TRANSPARENT, lay_on_black, scalar_and_color
from coconet_med.readers.intact import check_packed
from coconet_med.readers.limits import Packing, check_promise
from coconet_med.readers.nifti_open import open_nifti, start_of
from coconet_med.source import Source
from coconet_med.system.digest import sha256_of

if TYPE_CHECKING:
    from coconet_med.source import Role

#: Millimeters in the units of length that a NIfTI header can name (bits 0 to 2 of xyzt_units).
UNITS = {1: ("meter", 1000.0), 2: ("mm", 1.0), 3: ("micron", 0.001)}
#: Intents of a fifth dimension that may hold colors (nifti1.h: VECTOR, RGB_VECTOR, RGBA_VECTOR).
COLOR_INTENTS = (1007, 2003, 2004)
#: Intents of CIFTI-2 files, which are NIfTI-2 by their form alone.
CIFTI_INTENTS = range(3000, 3100)
#: Bytes before the voxels that may be extensions of the header.
LARGEST_OFFSET = 2**28
#: The first bytes of gzip with its one method, deflate (RFC 1952).
GZIP = b"\x1f\x8b\x08"


def read_nifti(path: Path, role: Role, *, affine: AffineChoice = "auto") -> Source:
    """Read a NIfTI-1 or NIfTI-2 file, or a pair by either of its names.

    Args:
        path: ``.nii``, ``.nii.gz``, ``.hdr`` or ``.img``.
        role: see :func:`coconet_med.readers.read`.
        affine: see :func:`coconet_med.readers.forms.choose_form`.

    Raises:
        ReadError: not NIfTI, damaged, not 3-D, complex, constant, or colored where gray is needed.
        GeometryError: the affine is singular, sheared or in units that cannot be right, or its two forms are mirrored.
    """
    files = pair_of(path)
    _check_start(path, files)
    mended: list[str] = []
    try:
        file = open_nifti(files, mended)
        shape = file.shape
    except Exception as error:  # nibabel raises many kinds for damaged headers
        msg = f"{path}: not a readable NIfTI file ({first_line(error)}); export or copy it again"
        raise ReadError(msg) from error
    if int(file.header["intent_code"]) in CIFTI_INTENTS:
        msg = f"{path}: is CIFTI, values along a surface and in parts of the brain, and no volume; give the volume "
        raise ReadError(f"{msg}that it was made of, or write one (wb_command -cifti-separate)")
    refuse_sizeless(path, files[0], file.header, affine)
    scaled = check_slope(path, files[0], role)
    colors = _colors_apart(file, shape)
    check_shape(path, shape[:3] if colors else shape)
    check_size(path, file, files[-1])
    check_whole(path, files)
    try:
        data = np.asanyarray(file.dataobj)
    except Exception as error:  # truncated or corrupt data: zlib, EOF and value errors
        msg = f"{path}: the header is readable but the voxels are not ({first_line(error)}); copy the file again"
        raise ReadError(msg) from error
    notes: tuple[str, ...] = ()
    if colors:
        data, notes = _whole_colors(data.reshape((*shape[:3], shape[4])), path)
    elif data.dtype.names is not None:
        data = np.stack([data[channel] for channel in data.dtype.names], axis=-1).reshape((*three(shape), -1))
    color = data.ndim > 3 and (colors or file.get_data_dtype().names is not None)
    if color and data.shape[-1] == 4:
        data, transparent = lay_on_black(data)
        notes += (f"{path.name}: {TRANSPARENT}",) if transparent else ()
    data = data if color else data.reshape(three(shape))
    image, picture, warnings = scalar_and_color(np.moveaxis(data, (0, 1, 2), (2, 1, 0)), path.name, role, color=color)
    unit, factor, said = _unit_of(file.header)
    form = choose_form(file.header, three(shape), path.name, affine, factor=factor, role=role)
    put_at((image, picture), form.affine, str(path), units=said, advice=form.advice)
    if factor != 1:
        form.details["space_units"] = unit
        form.warnings.append(
            f"{path.name}: lies in {unit}s and was converted to mm, as ITK and 3D Slicer do; nibabel does not convert, "
            "so that there it lies elsewhere than a result in mm"
        )
    return Source(
        image,
        path.name,
        files=files,
        sha256=sha256_of(*files),
        slice_axis=file.header.get_dim_info()[2],
        color=picture,
        warnings=(
            *warnings,
            *scaled,
            *notes,
            *form.warnings,
            *(f"{path.name}: its header is wrong: {said}" for said in mended),
        ),
        details=({"affine": form.details} if form.details else {}) | _intent(file.header),
        forms=form.forms,
    )


def refuse_sizeless(path: Path, head: Path, header: Any, affine: AffineChoice) -> None:
    """Refuse voxels without a size: where no sform places them it is in ``pixdim``, whose 0 nibabel makes to 1.

    Args:
        path: named in messages.
        head: the file that holds the header.
        header: of nibabel, which has mended it.
        affine: the form that was asked for.

    Raises:
        GeometryError: an axis of several voxels has the size 0, and no sform says another.
    """
    if int(header["sform_code"]) > 0 and affine != "qform":
        return
    shape = header.get_data_shape()
    axes = ["ijk"[axis] for axis in start_of(head).sizeless if axis < len(shape) and shape[axis] > 1]
    if axes:
        msg = (
            f"{path}: its header gives voxels no size along {' and '.join(axes)} (pixdim is 0, and no sform says it); "
        )
        raise GeometryError(msg + "correct the voxel size in its header, or convert the image again")


def check_slope(path: Path, head: Path, role: Role) -> tuple[str, ...]:
    """Refuse uptake whose ``scl_slope`` is infinite, and say so of an MRI: programs pass over it without a word.

    Args:
        path: named in messages.
        head: the file that holds the header.
        role: of the image.

    Raises:
        ReadError: the values of a functional image are not known.
    """
    slope = start_of(head).slope
    if not np.isinf(slope):
        return ()
    wrong = f"its scl_slope, by which stored numbers become values, is {slope:g}"
    if role == "function":
        raise ReadError(f"{path}: {wrong}, so its values are not known; correct its header, or convert it again")
    return (f"{path.name}: {wrong}; stored numbers were taken as they are",)


def _intent(header: Any) -> dict[str, Any]:
    """What values are by the intent of the header (nifti1.h: a statistic, labels, ...), where it says so."""
    code = int(header["intent_code"]) if "intent_code" in header else 0
    return {"nifti_intent": code} if code else {}


def pair_of(path: Path) -> tuple[Path, ...]:
    """The files of a NIfTI image: the file itself, or header and voxels of a pair, whichever of the two is named.

    Raises:
        ReadError: the other file of a pair is not there.
    """
    lower = path.name.lower()
    zipped = path.name[-3:] if lower.endswith(".gz") else ""
    stem = path.name[: len(path.name) - len(zipped)]
    if not stem.lower().endswith((".hdr", ".img")):
        return (path,)
    upper = stem[-3:].isupper()
    names = [f"{stem[:-3]}{end.upper() if upper else end}" for end in ("hdr", "img")]
    found = []
    for name in names:
        other = path.with_name(f"{name}{zipped}")
        if not other.is_file():
            msg = f"{path}: is one half of a pair, and {other.name} is no file beside it; copy both files"
            raise ReadError(msg)
        found.append(other)
    return tuple(found)


def _check_start(path: Path, files: tuple[Path, ...]) -> None:
    for file in files:
        _refuse_misnamed(file, files)
    start = start_of(files[0])
    if start.kind == "interfile":
        msg = f"{path}: is Interfile, which is not read here; export DICOM or NIfTI instead, or convert it with medcon"
        raise ReadError(msg)
    if start.kind == "analyze" and len(files) == 2:
        msg = (
            f"{path}: is Analyze 7.5, which does not say which side is left; convert it to NIfTI with the program that "
        )
        msg += "wrote it, and check left and right against a picture that you know"
        raise ReadError(msg)
    least = (540 if start.newer else 348) if start.kind == "single" else 0
    if not least <= start.offset <= LARGEST_OFFSET:
        msg = f"{path}: its header says that voxels begin at byte {start.offset:g}; not a readable NIfTI file, copy it "
        msg += "or export it again"
        raise ReadError(msg)


def _refuse_misnamed(file: Path, files: tuple[Path, ...]) -> None:
    """Refuse gzip whose name does not end in ``.gz``, and the other way round: readers go by the name.

    Args:
        file: one file of the image.
        files: all of them, the one with the header first; what is no image by any name is left to the reader.
    """
    packed = _is_gzip(file)
    if packed == file.name.lower().endswith(".gz"):
        return
    if file == files[0] and start_of(file, packed=packed).kind not in ("single", "pair", "analyze"):
        return
    name = f"{file.name}.gz" if packed else file.name[:-3]
    advice = f"rename it to {name}" if len(files) == 1 else "pack both files of the pair or neither, and name them so"
    wrong = "is gzip, but its name does not end" if packed else "is not gzip, but its name ends"
    raise ReadError(f"{file}: {wrong} in .gz; {advice}")


def _is_gzip(file: Path) -> bool:
    """Whether a file begins as gzip and can be unpacked so far; two voxels may begin like it by chance."""
    from isal import igzip

    with file.open("rb") as stream:
        if stream.read(len(GZIP)) != GZIP:
            return False
    try:
        with igzip.open(file) as stream:
            return bool(stream.read(540))
    except Exception:  # no gzip, or damaged from its beginning
        return False


def check_size(path: Path, file: Any, voxels: Path, *, shape: tuple[int, ...] | None = None) -> None:
    """Hold what a NIfTI header promises against the bytes that are there, and against the limit of memory.

    Args:
        path: named in messages.
        file: nibabel's image, its voxels not yet read.
        voxels: the file that holds them.
        shape: what will be in memory at once, where that is less than the whole.

    Raises:
        ReadError: see :func:`coconet_med.readers.limits.check_promise`.
    """
    offset = int(file.header["vox_offset"]) if "vox_offset" in file.header else 0
    there = voxels.stat().st_size
    packing: Packing = "gzip" if voxels.name.lower().endswith(".gz") else "raw"
    there -= offset if packing == "raw" else 0
    parts = ((voxels, 0),)
    size = file.get_data_dtype().itemsize
    check_promise(path, shape or file.shape, size, there, packing=packing, parts=parts, offset=offset)


def check_whole(path: Path, files: tuple[Path, ...]) -> None:
    """Hold the voxels of packed files against their checksums; see :func:`coconet_med.readers.intact.check_packed`."""
    check_packed(path, [(file, 0) for file in files if file.name.lower().endswith(".gz")], "gzip")


def _unit_of(header: Any) -> tuple[str, float, str]:
    """Name of the unit of length, millimeters in it, and words for it."""
    code = int(header["xyzt_units"]) & 7
    if code in UNITS:
        name, factor = UNITS[code]
        return name, factor, f"its xyzt_units say {name}"
    return "mm", 1.0, f"its xyzt_units name no unit of length (code {code}), so that mm were taken"


def _colors_apart(file: Any, shape: tuple[int, ...]) -> bool:
    """Whether the fifth dimension holds red, green, blue (and alpha), as ANTs, TorchIO and greedy write it."""
    return len(shape) == 5 and shape[3] == 1 and shape[4] in (3, 4) and int(file.header["intent_code"]) in COLOR_INTENTS


def _whole_colors(data: np.ndarray, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Channels as ``uint8``; a vector field is no picture.

    Raises:
        ReadError: values that no 8-bit color has.
    """
    if data.dtype == np.uint8:
        return data, ()
    low, high = float(data.min()), float(data.max())
    if not (low >= 0 and 1 < high <= 255):
        msg = f"{path}: holds {data.shape[3]} values a voxel from {low:g} to {high:g}; colors go from 0 to 255, and "
        msg += "fields of vectors (displacements) cannot be fused: give a scalar volume"
        raise ReadError(msg)
    whole = np.rint(data)
    between = np.abs(data - whole).max() > 1e-3
    notes = (f"{path.name}: its colors were interpolated to fractions, and were rounded",) if between else ()
    return whole.astype(np.uint8), notes
