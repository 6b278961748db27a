"""Images handed over by a Python caller: NumPy arrays, tensors, and SimpleITK images."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import OptionError, ReadError
from coconet_med.geometry import affine_of, check_extent, put_at
from coconet_med.readers.image import scalar_and_color
from coconet_med.readers.tensors import has_affine, known_of, plain_array, ras_affine
from coconet_med.source import RELATIVE_UNITS, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coconet_med.source import Role


def from_memory(data: Any, role: Role, *, spacing: Sequence[float] | None = None, units: str | None = None) -> Source:
    """Take an image from memory.

    Args:
        data: SimpleITK image (2-D or 3-D), or array or tensor: 2-D (rows, columns) or 3-D (k, j, i); with a last axis
            of 3 and ``uint8`` it is RGB.  A MONAI ``MetaTensor`` is (i, j, k) or (1, i, j, k), where its affine says.
        role: ``"anatomy"`` or ``"function"``.
        spacing: voxel size in mm as (i, j, k), for 3-D arrays; an array without it has no place in the world.
        units: units of the values, if known.

    Raises:
        ReadError: neither an array nor an image, or no 2-D or 3-D one, or constant.
        OptionError: a 3-D array without spacing, or lazy transforms of MONAI that are yet to be applied.
        GeometryError: an impossible direction matrix.
    """
    name = f"{role} ({type(data).__name__})"
    if isinstance(data, sitk.Image):
        return _from_image(data, role, name, units)
    array = plain_array(data, name)
    if has_affine(data):
        return _from_metatensor(data, array, role, name, units)
    color = array.ndim in (3, 4) and array.shape[-1] == 3 and array.dtype == np.uint8
    dimension = array.ndim - color
    if array.dtype == object and array.ndim:
        msg = (
            f"{name}: holds Python objects (its type is object), and no numbers; give numbers of one type, for example "
        )
        raise ReadError(f"{msg}array.astype(float)")
    if dimension not in (2, 3):
        got = f"shape {array.shape}" if array.ndim else f"one {type(data).__name__}, which is none of these"
        msg = f"{name}: give a path, a SimpleITK image, or a 2-D or 3-D array; got {got}"
        raise ReadError(msg)
    if dimension == 3 and spacing is None:
        msg = f"{name}: a 3-D array needs spacing=(i, j, k) in mm; or pass a SimpleITK image, which has its own"
        raise OptionError(msg)
    if spacing is not None and (len(spacing) != dimension or not all(np.isfinite(s) and s > 0 for s in spacing)):
        msg = f"spacing is {tuple(spacing)}; give {dimension} positive numbers in mm, (i, j, k)"
        raise OptionError(msg)
    image, picture, warnings = scalar_and_color(array if dimension == 3 else array[None], name, role, color=color)
    if dimension == 3 and spacing is not None:
        check_extent(image.GetSize(), spacing, name, units="spacing is in mm")
        for each in (image, picture):
            if each is not None:
                each.SetSpacing([float(s) for s in spacing])
    return _source(image, picture, array, name, role, units, planar=dimension == 2, warnings=warnings)


def _from_metatensor(data: Any, array: np.ndarray, role: Role, name: str, units: str | None) -> Source:
    """A MONAI volume by its affine."""
    shape = array.shape
    array = array[0] if array.ndim == 4 and shape[0] == 1 else array
    known = known_of(data.meta)
    if array.ndim != 3 or (array.shape[0] == 1 and len(shape) == 3 and not known["planar"]):
        msg = f"{name}: give a volume (i, j, k) or (1, i, j, k), or of a picture its array (rows, columns); got {shape}"
        raise ReadError(msg)
    array = np.ascontiguousarray(array.transpose(2, 1, 0))
    image, _, warnings = scalar_and_color(array, name, role, color=False)
    unit = None if known["planar"] else "MONAI gives lengths in mm"
    affine = ras_affine(data)
    warnings += put_at((image,), affine, name, units=unit)
    if not known["planar"] and np.array_equal(affine, np.eye(4)):
        warnings += (f"{name}: its affine is the identity, which MONAI sets where it is given none",)
    known |= {"units": units} if units else {}
    return Source(image, name, sha256=hashlib.sha256(array.tobytes()).hexdigest(), warnings=warnings, **known)


def _from_image(data: sitk.Image, role: Role, name: str, units: str | None) -> Source:
    if data.GetDimension() not in (2, 3):
        msg = f"{name}: is {data.GetDimension()}-D; give a 2-D or 3-D image"
        raise ReadError(msg)
    planar = data.GetDimension() == 2
    if planar:
        data = sitk.JoinSeries(data)
    array = sitk.GetArrayViewFromImage(data)
    components = data.GetNumberOfComponentsPerPixel()
    if components not in (1, 3):
        raise ReadError(f"{name}: has {components} values a voxel; give a scalar image, or RGB for a pseudo-color one")
    color = components == 3
    image, picture, warnings = scalar_and_color(array, name, role, color=color)
    units_of_length = None if planar else "its spacing is taken as mm"
    warnings += put_at((image, picture), affine_of(data), name, units=units_of_length)
    return _source(image, picture, array, name, role, units, planar=planar, warnings=warnings)


def _source(
    image: sitk.Image,
    picture: sitk.Image | None,
    array: np.ndarray,
    name: str,
    role: Role,
    units: str | None,
    *,
    planar: bool,
    warnings: tuple[str, ...],
) -> Source:
    display = planar and (array.dtype == np.uint8 or picture is not None)
    return Source(
        image,
        name,
        units=units or RELATIVE_UNITS,
        planar=planar,
        sha256=hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
        slice_axis=2 if planar else None,
        color=picture,
        warnings=warnings,
        details={"display_range": [0, 255]} if display else {},
    )
