"""What a user should know of a result before trusting the picture, by what its windows cut off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.windowing.signed import why_signed

if TYPE_CHECKING:
    from coconet_med.align import Alignment
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window


def clipped(window: Window, function: Source, alignment: Alignment) -> tuple[str, ...]:
    """A warning where uptake differs above the window, so that its order cannot be seen there."""
    if window.chosen.startswith(("robust", "common")):
        return ()
    found = []
    sides = [("above", window.high), ("below", window.low)]
    counts = alignment.resampled.count_beyond(window.low, window.high)
    for (name, limit), count in list(zip(sides, counts[::-1], strict=True))[: 2 if window.signed else 1]:
        if (share := count / math.prod(alignment.resampled.shape)) > 0:
            words = f"{100 * share:.2g} % of the voxels are {name} the window ({limit:g} {window.units})"
            found.append(f"{function.name}: {words} and look alike")
    return tuple(found)


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
