"""From values in units to values in [0, 1]: one window for the whole volume, never one for each slice.

A window for each slice would show equal uptake in different colors on neighboring slices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.source import RELATIVE_UNITS
from coconet_med.windowing.ct import CT_WINDOWS, content_of, looks_like_hu
from coconet_med.windowing.presets import WindowChoice, parse_window, preset_limits, readable
from coconet_med.windowing.signed import why_signed

if TYPE_CHECKING:
    from coconet_med.source import Source

#: Share of the foreground below the top of a robust window, in percent.
TOP_PERCENTILE = {"anatomy": 99.5, "function": 99.9}

#: A voxel belongs to the foreground above this share of the range between the lowest and the robust highest value.
FOREGROUND_SHARE = 0.05

#: Values scaled at a time, so that temporary arrays stay small however large the volume is.
_CHUNK = 1 << 16

#: Values counted at a time, and the most different whole numbers: those of 16 bits.
_COUNTED, _MOST_LEVELS = 1 << 18, 1 << 16


@dataclass(frozen=True)
class Window:
    """The values that become 0 and 1, in ``units``; of a signed map those that become -1 and 1.

    Attributes:
        low: value shown as 0; everything below it as well.
        high: value shown as 1; everything above it as well.
        units: units of both.
        chosen: how: ``"robust"``, ``"given"``, ``"display"`` (8-bit pictures: as stored), a preset such as
            ``"suv:0-6"``, or ``"CT brain window"``, ``"CT soft-tissue window"``, ...
        reason: why that one, where something was to be found out.
        signed: whether values below 0 count as much as those above: then the window is symmetric, and 0 stays 0.
    """

    low: float
    high: float
    units: str
    chosen: str
    reason: str = ""
    signed: bool = False

    def apply(self, values: np.ndarray) -> np.ndarray:
        """``values`` of any shape mapped linearly to float32 in [0, 1], or [-1, 1] where signed, and clipped."""
        zero, lowest = (0.0, -1.0) if self.signed else (self.low, 0.0)
        out = np.empty(values.shape, np.float32)
        flat, target = values.reshape(-1), out.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            # In float64 the span of two float32 limits cannot overflow.
            scaled = flat[part].astype(np.float64)
            scaled -= zero
            scaled /= self.high - zero
            np.clip(scaled, lowest, 1.0, out=target[part], casting="same_kind")
        return out

    def restore(self, scaled: np.ndarray) -> np.ndarray:
        """Values in units of scaled ones, as :meth:`apply` gives them."""
        zero = 0.0 if self.signed else self.low
        return zero + scaled * (self.high - zero)


def window_for(
    source: Source,
    values: np.ndarray,
    role: Literal["anatomy", "function"],
    *,
    given: WindowChoice = None,
    signed: bool | None = None,
) -> Window:
    """Choose the window of an image.

    Args:
        source: what the reader said about the image.
        values: (k, j, i) values to be shown, in the units of ``source``.
        role: which of the two images it is.
        given: limits asked for by the user, in the units of ``source``, or a preset
            (:mod:`coconet_med.windowing.presets`).
        signed: whether a functional image is shown as a signed map; ``None``: where it is one
            (:mod:`coconet_med.windowing.signed`) and the limits given, if any, do not begin at 0 or above.

    Returns:
        Of a signed map the symmetric window of :func:`signed_window`; else the given one; else 0..255 for 8-bit
        pictures, which are displays already; else for CT the window that suits what is on it
        (:mod:`coconet_med.windowing.ct`); else the robust window of :func:`robust_window`, that of uptake with its top
        rounded up to a readable number.

    Raises:
        OptionError: the limits given are not two increasing finite numbers, or a preset is not for such an image; or
            0 is not inside those of a signed map.
    """
    given = parse_window("--window" if role == "function" else "--anatomy-window", given, anatomy=role == "anatomy")
    if role == "function" and signed is not False:
        why = "asked for" if signed else why_signed(source, values)
        if why and (window := signed_window(source, values, given, why, insist=bool(signed))):
            return window
    if isinstance(given, str) and role == "anatomy":
        return _ct_window(source, values, given)
    if isinstance(given, str):
        low, high, units = preset_limits(given, source, values)
        return Window(low, high, units, given)
    if given is not None:
        return Window(*given, source.units, "given")
    if "display_range" in source.details:
        low, high = source.details["display_range"]
        return Window(float(low), float(high), source.units, "display")
    if source.units == "HU" or (role == "anatomy" and _unlabeled_ct(source, values)):
        return _ct_window(source, values)
    low, high = robust_window(values, role)
    return Window(low, readable(high) if role == "function" else high, source.units, "robust")


def signed_window(
    source: Source, values: np.ndarray, given: WindowChoice, why: str, *, insist: bool = False
) -> Window | None:
    """The symmetric window of a signed map; ``None`` where the limits given show its values above 0 only.

    Args:
        source: the functional image.
        values: its values, any shape.
        given: as :func:`coconet_med.windowing.presets.parse_window` gives it.
        why: why it is a signed map.
        insist: show it so whatever the limits.

    Raises:
        OptionError: the limits given lie below 0, or from 0 on where it is to be shown as a signed map.
    """
    reason, units = f"values of both signs: {why}", source.units
    if given is None:
        _, high = robust_window(np.abs(values), "function")
        return Window(-readable(high), readable(high), units, "robust, symmetric", reason, signed=True)
    size = np.array([np.abs(values).max()]) if isinstance(given, str) and given.startswith("percent") else values
    low, high, units = preset_limits(given, source, size) if isinstance(given, str) else (*given, units)
    chosen = given if isinstance(given, str) else "given"
    if low >= 0 and not insist:
        return None
    if low >= 0 or high <= 0:
        raise OptionError(
            f"--window {low:g} {high:g}: {source.name} has values of both signs, and the window must reach to both "
            f"sides of 0; give {-max(abs(low), abs(high)):g} {max(abs(low), abs(high)):g}"
        )
    if low != -high:
        reason += f"; {low:g} to {high:g} was asked for and made symmetric, so that both signs have one scale"
    top = max(-low, high)
    return Window(-top, top, units, chosen, reason, signed=True)


def _unlabeled_ct(source: Source, values: np.ndarray) -> bool:
    return source.modality is None and source.units == RELATIVE_UNITS and looks_like_hu(values)


def _ct_window(source: Source, values: np.ndarray, name: str | None = None) -> Window:
    """A window of CT by its name, or the one that suits what is on it."""
    if name and source.units != "HU" and not _unlabeled_ct(source, values):
        raise OptionError(
            f"--anatomy-window {name}: {source.name} is in {source.units}, not in HU as a CT is; give LOW HIGH"
        )
    name, reason = (name, "given") if name else content_of(source).window()
    reason = reason if source.units == "HU" else f"{reason}; values taken for HU"
    return Window(*CT_WINDOWS[name], "HU", f"CT {name} window", reason)


def robust_window(values: np.ndarray, role: Literal["anatomy", "function"]) -> tuple[float, float]:
    """Limits that a few extreme voxels do not move.

    The top is a percentile (99.5 for anatomy, 99.9 for function) of the foreground.  The bottom is 0 for images without
    values below 0 that start near it and for every functional image that has values around 0 (the noise of a
    reconstruction goes below 0, uptake does not), else the lowest value.

    Args:
        values: any shape; finite, and not all equal.
        role: which of the two images it is.
    """
    lowest, highest = float(values.min()), float(values.max())
    low = lowest
    if (lowest <= 0 < highest and role == "function") or 0 < lowest < 0.1 * highest:
        low = 0.0
    counts = _counts(values, lowest, highest)
    ordered = _Values(values) if counts is None else _Levels(counts, int(lowest))
    rough = max(ordered.percentile(99.9), low)
    ordered.keep_above(low + FOREGROUND_SHARE * (rough - low))
    high = ordered.percentile(TOP_PERCENTILE[role]) if ordered.count else highest
    # A few bright voxels on nothing: no percentile is above the bottom, so nothing but the maximum can be the top.
    return (low, high) if high > low else (low, highest)


class _Values:
    """Percentiles of values of any kind; one copy, which they reorder."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = np.array(values).reshape(-1)

    @property
    def count(self) -> int:
        return self._values.size

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self._values, percent, overwrite_input=True))

    def keep_above(self, threshold: float) -> None:
        """Forget the others: the values above are gathered at the beginning."""
        end = 0
        for start in range(0, self.count, _CHUNK):
            found = self._values[start : start + _CHUNK]
            found = found[found > threshold]
            self._values[end : end + found.size] = found
            end += found.size
        self._values = self._values[:end]


class _Levels:
    """The same of whole numbers, as most scanners store them, by how many there are of each: a quarter of the time."""

    def __init__(self, counts: np.ndarray, lowest: int) -> None:
        self._counts, self._levels = counts, np.arange(lowest, lowest + counts.size)

    @property
    def count(self) -> int:
        return int(self._counts.sum())

    def percentile(self, percent: float) -> float:
        ranks = self._counts.cumsum()
        place = (self.count - 1) * percent / 100
        below, above = self._levels[np.searchsorted(ranks, [np.floor(place), np.ceil(place)], side="right")]
        return float(below + (above - below) * (place % 1))

    def keep_above(self, threshold: float) -> None:
        self._counts[self._levels <= threshold] = 0


def _counts(values: np.ndarray, lowest: float, highest: float) -> np.ndarray | None:
    """How many values there are of each whole number from the lowest to the highest; ``None`` if others are there."""
    if highest - lowest >= _MOST_LEVELS:
        return None
    flat, counts = values.reshape(-1), np.zeros(int(highest) - int(lowest) + 1, np.int64)
    for start in range(0, flat.size, _COUNTED):
        part = flat[start : start + _COUNTED]
        numbers = part.astype(np.int64)
        if (numbers != part).any():
            return None
        counts += np.bincount(numbers - int(lowest), minlength=counts.size)
    return counts
