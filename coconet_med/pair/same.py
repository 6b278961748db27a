"""Is one image given twice: as the same file, through a link, as a copy, or in another format?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import PairError
from coconet_med.filters import correlation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coconet_med.source import Source

#: Correlation from which on two images of one size are one image: 8-bit copies of MRI and PET reach 0.9999, two
#: images of one head (T1 and PET, T1 and T2) stay below 0.98.
SAME = 0.9995
#: Mean and spread of the values, as parts of their range, may differ by this much between copies (rounding to 8 bits).
ALIKE = 0.01
#: Voxels along an axis that are looked at when axes are tried; a copy is then confirmed on all voxels.
SAMPLED = 32


_REMEDY = "give the MRI (or CT) first and the PET, SPECT or CT of the same person second"


def refuse_same_files(anatomy: Source, function: Source) -> None:
    """Refuse one file, or files of one content, as anatomy and function.

    Raises:
        PairError: they are one.
    """
    shared = {path.resolve() for path in anatomy.files} & {path.resolve() for path in function.files}
    copied = anatomy.files and function.files and anatomy.sha256 and anatomy.sha256 == function.sha256
    if shared or copied:
        raise PairError(f"{function.name}: anatomy and function are the same file; {_REMEDY}")


def refuse_same_voxels(anatomy: Source, function: Source) -> None:
    """Refuse images of the same voxels, up to a linear scale and the order of the axes.

    Raises:
        PairError: they hold the same voxels.
    """
    if same_voxels(anatomy.image, function.image):
        raise PairError(
            f"{function.name}: holds the same voxels as the anatomy {anatomy.name} (a copy, or the same image in "
            f"another format); {_REMEDY}"
        )


def same_voxels(one: sitk.Image, other: sitk.Image) -> bool:
    """Whether two scalar images hold the same voxels: in any order of the axes, up to a linear change of the values."""
    first, second = (sitk.GetArrayViewFromImage(image) for image in (one, other))
    if sorted(first.shape) != sorted(second.shape):
        return False
    mine, yours = _outline(first), _outline(second)
    turned = np.array((1 - yours[0], yours[1]))  # the same values upside down
    if min(np.abs(mine - yours).max(), np.abs(mine - turned).max()) > ALIKE:
        return False
    steps = tuple(slice(None, None, max(1, -(-n // SAMPLED))) for n in first.shape)
    return any(
        abs(correlation(first[steps], each[steps])) > SAME and abs(correlation(first, each)) > SAME
        for each in _turned(second, first.shape)
    )


def _outline(values: np.ndarray) -> np.ndarray:
    """Mean and standard deviation as parts of the range of the values."""
    low, high = float(values.min()), float(values.max())
    scale = (high - low) or 1.0
    some = values[::2, ::2, ::2] if values.size > 10**6 else values  # enough for a mean, whatever way it is turned
    return np.array(((float(some.mean(dtype=np.float64)) - low) / scale, float(some.std(dtype=np.float64)) / scale))


def _turned(values: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """``values`` with its axes permuted and flipped in every way that gives ``shape``; as it is first."""
    axes = range(values.ndim)
    for order in itertools.permutations(axes):
        moved = values.transpose(order)
        if moved.shape == shape:
            for flips in itertools.product((1, -1), repeat=values.ndim):
                yield moved[tuple(slice(None, None, step) for step in flips)]
