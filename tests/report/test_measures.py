"""Measures of a report beside plain blending."""

from __future__ import annotations

from coconet_med.report.card import card_of


def test_the_anatomy_alone_is_no_fusion_and_average_loses_edges(result):
    measures = card_of(result, case_id="x")["measures"]
    assert measures["anatomy"]["Q_MRI"] > 0.9
    assert measures["average"]["Q_MRI_in"] < 0.9 * measures["gate"]["Q_MRI_in"]
    assert measures["fused"]["rho_uptake"] > 0.99, "read through the legend"
    assert measures["average"]["rho_uptake"] < 0.9, "read from lightness"
