"""Can the values be those of an image?  Constant ones are refused; labels, coarse and negative uptake get a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.source import RELATIVE_UNITS

if TYPE_CHECKING:
    from coconet_med.source import Source

#: Intents of a NIfTI header (nifti1.h) by which values are no uptake, and no anatomy in the case of labels.
LABEL_INTENTS = {1002: "labels", 1005: "names of structures"}
P_VALUES = 22

#: A map of labels holds no more different values than this, all of them whole or multiples of one slope ...
MOST_LABELS = 2000
#: (float32 holds so many steps well enough) ...
MOST_STEPS = 65535
#: ... and along every axis at least this share of neighbors off the background are equal.  Measured: label maps at 1 to
#: 6 mm 0.45 to 0.99; PET and SPECT at most 0.3, 0.43 if cut to 24 levels, and 0.21 of a picture's 72 colors.
LEAST_EQUAL = 0.45
#: So few whole numbers, with no unit told, may be SUV whose fractions a reader cut (SimpleITK 2.5.7 and imageio do so
#: where the first slice of a DICOM series has slope 1); counts are more, unless hardly anything was counted.
FEWEST_CUT, MOST_CUT = 4, 24
#: No more steps than this up to the 99th percentile, and a highest value so many times above it: one scale for all was
#: set by a few voxels, as nibabel does where a ratio is written with the 16-bit header of its PET.
MOST_COARSE, FAR_ABOVE = 64, 50
#: Voxels that are looked at for that.
LOOKED_AT = 1_000_000
#: Edge of the block in the middle of the image that is looked at, in voxels.
BLOCK = 72
#: Values of 16 bits whose negative ones were stored without their sign: nothing in the middle half, and so many (share)
#: of the values in the upper quarter.
STEPS_16, WRAPPED = 65536, 0.001
#: Values so near to the highest (share of the range) are white, and so many of the border are in an inverted image.
WHITE, ALL_WHITE = 0.05, 0.9


def refuse_constant(source: Source) -> None:
    """Refuse an image of one value, however it was read.

    Raises:
        ReadError: every voxel has the same value.
    """
    values = sitk.GetArrayViewFromImage(source.image)
    some = values.reshape(-1)[:: max(1, values.size // 10_000)]
    low, high = float(some.min()), float(some.max())
    if low == high and (values == some[0]).all():
        raise ReadError(
            f"{source.name}: every voxel is {low:g}, so it shows nothing; check that it is the right image."
        )


def values_warnings(function: Source) -> tuple[str, ...]:
    """What the values of a functional image say against their being uptake."""
    if function.planar or function.units == "HU":
        return ()
    if said := _stated(function):
        return (f"{function.name}: {said}; give the image of the uptake itself",)
    values = sitk.GetArrayViewFromImage(function.image)
    if float(values.max()) <= 0:
        return (
            f"{function.name}: no value is above 0, which uptake cannot be; check that it is not a CT or a difference "
            "image",
        )
    if kind := _labels(values):
        return (f"{function.name}: {kind}; give the image of the uptake itself",)
    if coarse := _coarse(values):
        return (f"{function.name}: {coarse}",)
    if function.units == RELATIVE_UNITS and (cut := _cut(values)):
        return (f"{function.name}: {cut}",)
    return ()


def anatomy_warnings(anatomy: Source) -> tuple[str, ...]:
    """What header and values of an anatomical image say against their being an MRI or a CT."""
    if anatomy.planar or anatomy.units == "HU":
        return ()
    kind = _stated(anatomy) or _labels(sitk.GetArrayViewFromImage(anatomy.image))
    return () if kind is None else (f"{anatomy.name}: {kind}; give the MRI or CT itself",)


def inverted_warnings(*sources: Source) -> tuple[str, ...]:
    """A warning for each image whose air is its brightest: prints and screenshots of PET are often black on white."""
    return tuple(
        f"{source.name}: its border is as bright as anything in it, so it seems to be inverted (black on white): "
        "invert it first, or crop a white frame"
        for source in sources
        if _bright_border(sitk.GetArrayViewFromImage(source.image))
    )


def wrapped_warnings(*sources: Source) -> tuple[str, ...]:
    """A warning for each image whose negative values were stored as 16-bit numbers without sign: -1 became 65535."""
    return tuple(
        f"{source.name}: its values lie from {low:g} to {high:g} with nothing in between: negative ones were stored "
        "without their sign (-1 as 65535), it seems, and are the brightest now; export it again with signed numbers"
        for source in sources
        for low, high in _wrapped(sitk.GetArrayViewFromImage(source.image))
    )


def _wrapped(values: np.ndarray) -> list[tuple[float, float]]:
    """Lowest and highest value, where these look so; array (k, j, i)."""
    low, high = float(values.min()), float(values.max())
    quarter = STEPS_16 / 4
    if not 3 * quarter < high - low < STEPS_16:
        return []
    upper = values > low + 3 * quarter
    if ((values > low + quarter) & ~upper).any() or upper.mean() < WRAPPED:
        return []
    return [(low, high)] if len(np.unique(values[upper])) > FEWEST_CUT else []


def _bright_border(values: np.ndarray) -> bool:
    """Whether nearly all of the outermost rows and columns of the slices (k, j, i) are at the top of the values."""
    low, high = float(values.min()), float(values.max())
    edges = (values[:, 0], values[:, -1], values[:, :, 0], values[:, :, -1])
    border = np.concatenate([edge.reshape(-1) for edge in edges])
    return float(np.mean(border >= high - WHITE * (high - low))) >= ALL_WHITE


def _stated(source: Source) -> str | None:
    """What the header says that the values are, where that is no image."""
    intent = source.details.get("nifti_intent", 0)
    if intent in LABEL_INTENTS:
        return f"its header says that it holds {LABEL_INTENTS[intent]} (intent {intent})"
    if intent == P_VALUES:
        return f"its header says that it holds p-values (intent {intent}), which are low where an effect is strong"
    return None


def _labels(values: np.ndarray) -> str | None:
    """Words where the values look like labels or a mask; array (k, j, i)."""
    some = values[tuple(slice(max(0, (n - BLOCK) // 2), (n + BLOCK) // 2) for n in values.shape)]
    levels, count = np.unique(some, return_counts=True)
    if not 2 <= len(levels) <= MOST_LABELS or not _whole(levels):
        return None
    if len(levels) == 2:
        # Of a large image only the middle was looked at.
        full = np.isin(values, levels).all()
        return f"it holds two values only ({levels[0]:g} and {levels[1]:g}), as a mask does" if full else None
    background = levels[count.argmax()]
    for axis in range(3):
        first, second = np.delete(some, -1, axis), np.delete(some, 0, axis)
        both = (first != background) & (second != background)
        if not both.any() or (first == second)[both].mean() < LEAST_EQUAL:
            return None
    return f"it holds {len(levels)} different values in patches, as a map of labels or a rounded image does"


def _cut(values: np.ndarray) -> str | None:
    """Words where the values look like SUV without their fractions; array (k, j, i)."""
    low, high = float(values.min()), float(values.max())
    if high - low >= MOST_CUT or any((plane % 1).any() for plane in values):
        return None
    count = len(set().union(*(np.unique(plane) for plane in values)))
    if count < FEWEST_CUT:
        return None
    return (
        f"it holds {count} whole numbers only, from {low:g} to {high:g}; if it is SUV or SUVR, its fractions were cut "
        "when it was converted: convert it again, to float"
    )


def _coarse(values: np.ndarray) -> str | None:
    """Words where nearly all values are few steps of a scale that voxels far above them set; array (k, j, i)."""
    levels, count = np.unique(values.reshape(-1)[:: max(1, values.size // LOOKED_AT)], return_counts=True)
    count[count.argmax()] = 0  # the background
    if not count.any() or not (levels % 1).any():  # whole numbers may be counts
        return None
    share = np.cumsum(count) / count.sum()
    top, high = float(levels[np.searchsorted(share, 0.99)]), float(values.max())
    within = int(np.count_nonzero(count[levels <= top]))
    if within > MOST_COARSE or high < FAR_ABOVE * abs(top):
        return None
    return (
        f"off the background 99 % of its voxels share {within} value{'s' * (within > 1)} up to {top:.3g}, and the "
        f"highest is {high:.3g}: it was written in integers of one scale, which a few voxels set; write it again in "
        "float (nibabel: header.set_data_dtype), without these voxels"
    )


def _whole(levels: np.ndarray) -> bool:
    """Whether values in rising order are whole numbers, or were before one slope (of DICOM, of SUV) was applied."""
    if not (levels % 1).any():
        return True
    steps = (levels - levels[0]).astype(np.float64) / float(np.diff(levels).min())
    return bool(steps[-1] <= MOST_STEPS and np.abs(steps - np.round(steps)).max() < 0.01)
