"""One value for each column, plain and rounded, or none."""

from __future__ import annotations

import math
from types import SimpleNamespace

from coconet_med.batch.summary_columns import ALIGNMENT_FACTS, MEASURE_FACTS, facts_of


def test_values_are_rounded_to_six_digits_and_what_is_not_finite_is_none() -> None:
    alignment = dict.fromkeys(ALIGNMENT_FACTS, 1 / 3) | {"registered": True}
    result = SimpleNamespace(
        alignment=SimpleNamespace(summary=lambda: alignment),
        window=SimpleNamespace(units="SUVbw", low=0.0, high=math.inf),
    )
    facts = facts_of(result, {"measures": {"fused": {"H": 123456.789, "rho_lp": math.nan}}})
    assert facts["registered"] is True
    assert facts["coverage"] == 0.333333
    assert (facts["units"], facts["suv"], facts["window_low"], facts["window_high"]) == ("SUVbw", True, 0.0, None)
    assert (facts["H"], facts["rho_lp"], facts["uptake_mae"]) == (123457.0, None, None)
    assert set(facts) == {*ALIGNMENT_FACTS, "units", "suv", "window_low", "window_high", *MEASURE_FACTS}
