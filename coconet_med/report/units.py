"""What stands above a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.windowing.signed import SIGNED_INTENTS

if TYPE_CHECKING:
    from coconet_med.result import FusionResult


def units_of(result: FusionResult) -> str:
    """The units of the window, or what values without units are."""
    if result.window.units != "relative":
        return result.window.units
    statistic = SIGNED_INTENTS.get(result.function.details.get("nifti_intent", 0), "value")
    return statistic if result.window.signed else "relative uptake"


def figure(value: float) -> str:
    """A level or a threshold in words, as the numbers beside a legend are: in plain digits.

    Example:
        >>> figure(15624.7), figure(2.5)
        ('15625', '2.5')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
