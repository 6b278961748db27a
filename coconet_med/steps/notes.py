"""What a user should know of a result before trusting the picture, by what its windows cut off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.windowing.signed import why_signed
from coconet_med.windowing.window import FOREGROUND_SHARE

#: An image whose highest value lies lower than this in its window is hardly seen: one gray level of 256, four times.
SEEN = 4 / 256

#: SUV from which on the top of a robust window is that of urine, or of a few organs, where most uptake lies below a
#: quarter of it.
HOT_SUV, MOST, LOW_SHARE = 15.0, 75.0, 0.25

if TYPE_CHECKING:
    from coconet_med.align import Alignment
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window


def clipped(window: Window, function: Source, alignment: Alignment) -> tuple[str, ...]:
    """A warning where uptake differs above the window, so that its order cannot be seen there, or lies far below."""
    if window.chosen.startswith(("robust", "common")):
        return _far_below(window, function)
    found: list[str] = []
    if unseen := _unseen(window, function):
        return tuple(unseen)
    sides = [("above", window.high), ("below", window.low)]
    counts = alignment.resampled.count_beyond(window.low, window.high)
    for (name, limit), count in list(zip(sides, counts[::-1], strict=True))[: 2 if window.signed else 1]:
        if (share := count / math.prod(alignment.resampled.shape)) > 0:
            words = f"{100 * share:.2g} % of the voxels are {name} the window ({limit:g} {window.units})"
            found.append(f"{function.name}: {words} and look alike")
    return tuple(found)


def _far_below(window: Window, function: Source) -> tuple[str, ...]:
    """A warning of a window in SUV that a full bladder or the like makes so wide that little else has color."""
    if window.units != "SUVbw" or window.signed or window.high <= HOT_SUV:
        return ()
    values = sitk.GetArrayViewFromImage(function.image)
    shown = values[values > window.low + FOREGROUND_SHARE * (window.high - window.low)]
    bound = window.low + LOW_SHARE * (window.high - window.low)
    if not shown.size or float(np.percentile(shown, MOST)) >= bound:
        return ()
    return (
        f"{function.name}: the window goes up to SUV {window.high:g}, as beside a full bladder, and {MOST:g} % of the "
        f"uptake lie below {bound:.2g}, in its lowest colors; --window suv:0-10 or suv:0-6 shows them",
    )


def _unseen(window: Window, source: Source) -> list[str]:
    """A warning of an image that lies wholly outside its window, or so low in it that nothing is to be seen."""
    values = sitk.GetArrayViewFromImage(source.image)
    low, high = float(values.min()), float(values.max())
    if window.signed:
        low, high = min(0.0, low), max(high, -low)
    at = f"{source.name}: its values go from {low:g} to {high:g}, and the window from {window.low:g} to {window.high:g}"
    if high <= window.low:
        return [f"{at} {window.units}: all of it lies below and is shown as nothing; give a window in its units"]
    if high < window.low + SEEN * (window.high - window.low):
        return [f"{at} {window.units}: hardly anything of it is to be seen; give a window in its units"]
    if low >= window.high:
        return [f"{at} {window.units}: all of it lies above and looks alike; give a window in its units"]
    return []


def unseen_anatomy(window: Window, anatomy: Source) -> tuple[str, ...]:
    """A warning of an anatomical window that was given and shows nothing of the anatomy, or all of it as white."""
    return tuple(_unseen(window, anatomy)) if window.chosen == "given" else ()


def above_all(threshold: float | None, function: Source, window: Window) -> tuple[str, ...]:
    """A warning of a threshold above all uptake, so that the result is the anatomy alone.

    Args:
        threshold: in the units of the image; ``None`` where there is none.
        function: the functional image.
        window: its window; of a map of both signs either side may be above.
    """
    if threshold is None:
        return ()
    values = sitk.GetArrayViewFromImage(function.image)
    highest = max(float(values.max()), -float(values.min()) if window.signed else 0.0)
    if highest >= threshold:
        return ()
    return (
        f"{function.name}: its highest value is {highest:g} {function.units}, below the threshold of {threshold:g}: no "
        "uptake is shown",
    )


def signs_lost(window: Window, function: Source) -> tuple[str, ...]:
    """A warning where values below 0 that mean something are shown as if there was nothing."""
    if window.signed or function.color is not None:
        return ()
    values = sitk.GetArrayViewFromImage(function.image)
    why = why_signed(function, values)
    if why is None or window.low < 0:
        return ()
    return (
        f"{function.name}: {100 * float(np.mean(values < 0)):.2g} % of its values are below 0 ({why}) and are shown as "
        "0; leave out --window and --colormap, or give --colormap diverging, to see both signs",
    )
