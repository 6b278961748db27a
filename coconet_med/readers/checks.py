"""What every reader asks of the values it has read, before anything else sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.source import writable
from coconet_med.windowing.ct import looks_like_hu

if TYPE_CHECKING:
    from coconet_med.source import Role

#: Share of the voxels, and number of voxels, that hold one number at least where a program filled with it.
FILLED = (0.001, 10)
#: Values that an image has at least; labels have fewer.
CONTINUOUS = 32


def finite_image(array: np.ndarray, name: str, *, role: Role = "anatomy") -> tuple[sitk.Image, tuple[str, ...]]:
    """A float32 image with every NaN and infinity replaced by the background, and a warning about it.

    Such voxels are those that a scanner or a tool could not fill; treated as background they stay dark and do not
    spread.  The background is the smallest finite value, and 0 where all are above 0 (labels, masked images); of a
    functional image with values on both sides of 0 it is 0, since there NaN stands for "not in the mask", as in the
    maps of SPM, and the smallest value is a finding.

    Args:
        array: (k, j, i), real numbers.
        name: what to call the image in messages.
        role: which of the two images it is.

    Raises:
        ReadError: not real numbers, no voxels, none finite, all equal, or too large for float32.
    """
    if array.size == 0:
        msg = f"{name}: has no voxels (shape {array.shape}); export it again"
        raise ReadError(msg)
    if array.dtype.kind not in "buif":
        msg = f"{name}: holds {array.dtype} values; give an image of real numbers"
        raise ReadError(msg)
    image = sitk.Image(array.shape[::-1], sitk.sitkFloat32)
    values = writable(image)  # nothing of its size is made beside it
    with np.errstate(over="ignore"):
        values[...] = array
    low, high = float(values.min()), float(values.max())
    if np.isfinite((low, high)).all() and low < high:
        return image, without_fill(values, name, role)
    finite = np.isfinite(values)
    count = values.size - int(np.count_nonzero(finite))
    if count == values.size:
        msg = f"{name}: no voxel has a finite value that fits into 32-bit floats; check how it was exported"
        raise ReadError(msg)
    low, high = float(values[finite].min()), float(values[finite].max())
    if low == high and (count == 0 or low <= 0):  # beside NaN it is a mask
        msg = f"{name}: every voxel is {low:g}, so it shows nothing; check that it is the right image"
        raise ReadError(msg)
    nothing = role == "function" and low < 0 < high and not looks_like_hu(values[finite])
    values[~finite] = 0 if nothing or low > 0 else low
    share = 100 * count / values.size
    return image, (f"{name}: {count} voxels ({share:.2g} %) are NaN or infinite and were taken as background",)


def without_fill(values: np.ndarray, name: str, role: Role) -> tuple[str, ...]:
    """Take the one negative number with which programs fill what they had no values for (-1, -1024, -32768) for
    background, and say so.

    It is one where nothing else is negative, or where it lies further below all others than these lie apart.  Air of
    a CT at -1000 beside other negative values is none.

    Args:
        values: (k, j, i), finite; changed in place.
        name: what to call the image.
        role: which of the two images it is.  Background is 0, and in an anatomical one with negative values the lowest.
    """
    low = float(values.min())
    if low >= 0:
        return ()
    filled = values == low
    count = int(np.count_nonzero(filled))
    if count < max(FILLED[0] * values.size, FILLED[1]):
        return ()
    rest = values[~filled]
    least, most = float(rest.min()), float(rest.max())
    far = least - low > most - least and not looks_like_hu(values)
    if not (least >= 0 or far) or len(np.unique(rest[:: max(1, rest.size // 10_000)])) < CONTINUOUS:
        return ()
    own = least < 0 and (role == "anatomy" or most <= 0 or looks_like_hu(rest))
    background = least if own else 0.0
    values[filled] = background
    share = 100 * count / values.size
    alone = "no other value is negative" if least >= 0 else "it lies far below all others"
    return (
        f"{name}: {count} voxels ({share:.2g} %) are {low:g}, and {alone}: taken as background, with which a program "
        "filled what it had no values for",
    )


def suv_volume(image: sitk.Image) -> float:
    """Sum of the voxels times the volume of one in ml."""
    total = float(sitk.GetArrayViewFromImage(image).sum(dtype=np.float64))
    return total * float(np.prod(image.GetSpacing())) / 1000.0


def highest(image: sitk.Image) -> float:
    """The largest value of an image."""
    return float(sitk.GetArrayViewFromImage(image).max())


def check_shape(path: Path, shape: Sequence[int]) -> None:
    """Refuse what is no volume: a fourth dimension, or fewer than two.

    Raises:
        ReadError: not 2-D or 3-D (further axes of one are none).
    """
    if len(shape) > 3 and any(n != 1 for n in shape[3:]):
        msg = (
            f"{path}: is {len(shape)}-D ({' x '.join(map(str, shape))}); give one 3-D volume: choose a frame, or "
            "average the frames, first"
        )
        if shape[-1] in (3, 4):
            msg += f"; if the {shape[-1]} are colors, write them as such (NIfTI: RGB24, or 5-D with intent 1007)"
        raise ReadError(msg)
    if len(shape) < 2:
        msg = f"{path}: is {len(shape)}-D; give a 3-D volume"
        raise ReadError(msg)


def three(shape: Sequence[int]) -> tuple[int, int, int]:
    """The first three sizes, 1 where there are fewer."""
    return tuple((*shape, 1, 1)[:3])  # type: ignore[return-value]


def first_line(error: Exception) -> str:
    """The line of a library's error that says most, cut to a size that fits a message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]
