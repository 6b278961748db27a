"""The facts of a result that belong into a table: one value for each column of ``summary.csv``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Columns of facts, in their order; the measures follow.
ALIGNMENT_FACTS = (
    "registered",
    "offset_mm",
    "angle_deg",
    "coverage",
    "overlap",
    "mutual_information_before",
    "mutual_information_after",
)
#: Measures of the report that go into the table.
MEASURE_FACTS = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "rho_uptake", "uptake_mae")


def facts_of(result: FusionResult, card: dict[str, Any]) -> dict[str, Any]:
    """Facts by name, plain JSON types; ``None`` where there is nothing to tell.

    Args:
        result: of the case.
        card: what :func:`coconet_med.report.card.card_of` made of it: holds the measures.
    """
    alignment = result.alignment.summary()
    measured = card["measures"]["fused"]
    return {
        **{name: _rounded(alignment[name]) for name in ALIGNMENT_FACTS},
        "units": result.window.units,
        "suv": result.window.units == "SUVbw",
        "window_low": _rounded(result.window.low),
        "window_high": _rounded(result.window.high),
        **{name: _rounded(measured.get(name)) for name in MEASURE_FACTS},
    }


def _rounded(value: Any) -> Any:
    """Six digits are more than any of these numbers deserves."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None
