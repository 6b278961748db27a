"""Windows as users name them: two numbers, or a preset; and what a preset means for an image."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from coconet_med.errors import OptionError
from coconet_med.windowing.ct import CT_WINDOWS

if TYPE_CHECKING:
    import numpy as np

    from coconet_med.source import Source

#: Two limits in the units of the image, the name of a preset, or nothing said.
WindowChoice = tuple[float, float] | str | None

#: What a preset of the functional image may be called, with the units that it is for.
PRESETS = {
    "suv": ("SUVbw", "SUVlbm", "SUVbsa", "SUVibw"),
    "suvr": ("SUVR", "relative", "counts"),
    "percent": (),
    "common": (),
}

_RANGE = re.compile(r"(?P<name>[a-z]+):(?P<low>-?[\d.]+(?:e-?\d+)?)-(?P<high>-?[\d.]+(?:e-?\d+)?)%?", re.IGNORECASE)
_FUNCTION = "LOW HIGH, robust, suv:0-6, suvr:0-2.5 or percent:0-70"


def common_preset(low: float, high: float) -> str:
    """The preset of a window that several images share (:mod:`coconet_med.batch.common_window`).

    Example:
        >>> common_preset(0.0, 8.8), common_preset(-3e-7, 3e-7)
        ('common:0-8.8', 'common:-3e-7-3e-7')
    """
    limits = [re.sub(r"e([+-])0*", lambda m: "e-" if m[1] == "-" else "e", f"{limit:.9g}") for limit in (low, high)]
    return f"common:{limits[0]}-{limits[1]}"


def parse_window(option: str, choice: WindowChoice, *, anatomy: bool = False) -> WindowChoice:
    """A window as it was given, its limits as numbers where it is two, else a preset in lower case.

    Args:
        option: what messages call it, such as ``--window``.
        choice: two numbers, in one text as well (``"0 6"``, ``"0,6"``), or a preset.
        anatomy: whether it is that of the anatomical image.

    Raises:
        OptionError: no such preset, or limits that do not rise.
    """
    if choice is None:
        return None
    if isinstance(choice, str):
        word = choice.strip().lower()
        if word == ("auto" if anatomy else "robust"):
            return None
        if anatomy and word in CT_WINDOWS:
            return word
        if not anatomy and (found := _RANGE.fullmatch(word)) and found["name"] in PRESETS:
            rising(f"{option} {choice}", *(_number(option, choice, found[end]) for end in ("low", "high")))
            return word
        words = word.replace(",", " ").split()
        if len(words) != 2:
            known = f"LOW HIGH, auto, {', '.join(list(CT_WINDOWS)[:-1])} or {list(CT_WINDOWS)[-1]}"
            raise OptionError(f"{option} {choice}: choose {known if anatomy else _FUNCTION}")
        low, high = (_number(option, choice, word) for word in words)
    else:
        try:
            low, high = (float(limit) for limit in choice)
        except (TypeError, ValueError):
            raise OptionError(
                f"{option} {choice!r}: give two numbers, such as (0, 6), or the name of a preset"
            ) from None
    rising(f"{option} {low:g} {high:g}", low, high)
    return float(low), float(high)


def rising(words: str, low: float, high: float) -> None:
    """Refuse limits that are not two finite numbers, the lower one first."""
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OptionError(f"{words}: give two finite numbers, the lower one first")


def preset_limits(preset: str, source: Source, values: np.ndarray) -> tuple[float, float, str]:
    """Limits and units of a preset of the functional image.

    Args:
        preset: as :func:`parse_window` gives it, such as ``"suv:0-6"``.
        source: the functional image.
        values: its values, any shape.

    Raises:
        OptionError: the preset is not for the units of the image.
    """
    found = _RANGE.fullmatch(preset)
    assert found, preset
    name, low, high = found["name"], float(found["low"]), float(found["high"])
    if name == "percent":
        top = float(values.max())
        if top <= 0:
            raise OptionError(f"--window {preset}: {source.name} has no value above 0; give LOW HIGH")
        return low * top / 100, high * top / 100, source.units
    if name == "common":
        return low, high, source.units
    if source.units not in PRESETS[name]:
        raise OptionError(
            f"--window {preset}: {source.name} is in {source.units}, not in {name.upper()}; "
            + ("give an image whose SUV is known (--suv says why it is not), " if name == "suv" else "")
            + "or LOW HIGH in its own units"
        )
    return low, high, "SUVR" if name == "suvr" else source.units


def readable(value: float) -> float:
    """A number rounded up to two digits, so that a legend can show it: 8.78 becomes 8.8, 10265 becomes 11000.

    Rounded up, since a window that ends below the hottest uptake would show it as equal to what is not as hot.
    """
    if not math.isfinite(value) or value <= 0:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    # Python's decimal text says 8.8 where a product of floats says 8.8000000000000007.
    return float(f"{math.ceil(value / step - 1e-6) * step:.2g}")


def _number(option: str, choice: object, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise OptionError(f"{option} {choice}: {word} is no number; give two, such as 0 6") from None
