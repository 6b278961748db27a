"""Which cases of a batch are suspicious."""

from __future__ import annotations

from coconet_med.report.outliers import suspicions


def test_values_that_agree_make_no_outlier_of_a_small_difference():
    facts = [{"H": 0.8 + 0.001 * n, "offset_mm": 0.1 * n} for n in range(10)]
    assert all(not s.reasons for s in suspicions(facts))
    assert [bool(s.reasons) for s in suspicions([*facts, {"H": 0.2}])][-1]
    assert all(not s.reasons for s in suspicions([{"H": 0.9}, {"H": 0.1}])), "two cases tell nothing"
    assert not suspicions([*facts, {"H": 0.99}])[-1].reasons, "a better case is no outlier"
