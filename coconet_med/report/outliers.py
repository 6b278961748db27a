"""Which cases of a batch should be looked at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Facts that are compared between cases: what each is called, and whether low or high values are suspicious.
COMPARED: dict[str, tuple[str, str]] = {
    "H": ("H", "low"),
    "rho_lp": ("rho_lp", "low"),
    "Q_MRI_in": ("Q_MRI_in", "low"),
    "rho_MRI_cold": ("rho_MRI_cold", "low"),
    "mutual_information_after": ("mutual information", "low"),
    "overlap": ("overlap of the bodies", "low"),
    "coverage": ("coverage", "low"),
    "offset_mm": ("shift in mm", "high"),
    "angle_deg": ("rotation in degrees", "high"),
}

#: Robust z from which a value stands out (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
LIMIT = 3.5

#: With fewer cases nothing can be called unusual.
FEWEST = 5

#: Spread below this share of the median is not believed: values that agree by chance would make any other an outlier.
LEAST_SPREAD = 0.02


@dataclass(frozen=True)
class Suspicion:
    """Why a case stands out.

    Attributes:
        score: largest robust z over all facts, 0 where nothing stands out.
        reasons: one for each fact that does, the strongest first.
    """

    score: float
    reasons: tuple[str, ...]


def suspicions(facts: Sequence[dict[str, Any]]) -> list[Suspicion]:
    """One for each case: its facts against the median of all cases, in units of their median absolute deviation.

    Args:
        facts: of each case, by name; missing and ``None`` values are left out.
    """
    found: list[list[tuple[float, str]]] = [[] for _ in facts]
    for name, (title, side) in COMPARED.items():
        values = np.array([_number(case.get(name)) for case in facts])
        known = np.isfinite(values)
        if known.sum() < FEWEST:
            continue
        median = float(np.median(values[known]))
        spread = 1.4826 * float(np.median(np.abs(values[known] - median)))
        spread = max(spread, LEAST_SPREAD * abs(median), 0.5 if side == "high" else 1e-6)
        for case in np.flatnonzero(known):
            z = (values[case] - median) / spread * (1 if side == "high" else -1)
            if z > LIMIT:
                found[case].append((float(z), f"{title} {values[case]:.3g} is {side} (median {median:.3g})"))
    return [_suspicion(sorted(reasons, reverse=True)) for reasons in found]


def _suspicion(reasons: list[tuple[float, str]]) -> Suspicion:
    return Suspicion(reasons[0][0] if reasons else 0.0, tuple(text for _, text in reasons))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")
