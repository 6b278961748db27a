"""One case, slice or volume."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.errors import GeometryError
from coconet_med.quality import evaluate_pair, evaluate_volume
from coconet_med.quality.fidelity import FIDELITY_MEASURES
from coconet_med.quality.findings import FINDING_MEASURES
from coconet_med.quality.flicker import flicker
from coconet_med.quality.standard_metrics import STANDARD_METRICS

Pair = tuple[np.ndarray, np.ndarray]


def test_the_sets_of_measures_are_what_their_names_say(head_pair: Pair) -> None:
    m, p = head_pair
    assert tuple(evaluate_pair(m, p, m)) == (*FIDELITY_MEASURES, *FINDING_MEASURES)
    assert tuple(evaluate_pair(m, p, m, measures="findings")) == FINDING_MEASURES
    assert tuple(evaluate_pair(m, p, m, measures="standard")) == STANDARD_METRICS
    both = evaluate_pair(m, p, m, uptake=p / 255, measures="all")
    assert tuple(both) == (*FIDELITY_MEASURES, "rho_uptake", "uptake_mae", *FINDING_MEASURES, *STANDARD_METRICS)


def test_the_colored_result_is_what_gets_decoded(head_pair: Pair) -> None:
    m, p = head_pair
    rgb = np.stack([p, m, m], axis=-1).astype(np.uint8)
    values = evaluate_pair(m, p, m, uptake=p / 255, fused_rgb=rgb, decode=lambda seen: seen[..., 0] / 255)
    assert values["rho_uptake"] == pytest.approx(1.0)


def test_a_volume_is_the_mean_of_its_slices_that_show_something(head_pair: Pair) -> None:
    m, p = head_pair
    black = np.zeros_like(m)
    anatomy, function = np.stack([black, m, m, black]), np.stack([black, p, p[::-1], black])
    fused = (anatomy + function) / 2
    values = evaluate_volume(anatomy, function, fused, uptake=function / 255)
    slices = [evaluate_pair(anatomy[k], function[k], fused[k], uptake=function[k] / 255) for k in (1, 2)]
    assert values["H"] == pytest.approx(np.mean([s["H"] for s in slices]))
    assert values["rho_uptake"] == pytest.approx(np.mean([s["rho_uptake"] for s in slices]))
    assert values["flicker"] == pytest.approx(flicker(anatomy, function, np.round(fused)), rel=0.01)


def test_a_colored_volume_is_accepted(head_pair: Pair) -> None:
    m, p = head_pair
    rgb = np.stack([np.stack([m, p, m], axis=-1)] * 3).astype(np.uint8)
    values = evaluate_volume(np.stack([m] * 3), np.stack([p] * 3), rgb)
    assert values["H"] == evaluate_pair(m, p, rgb[0])["H"]


def test_an_empty_volume_has_no_values() -> None:
    values = evaluate_volume(*[np.zeros((3, 20, 20))] * 3)
    assert all(math.isnan(value) for value in values.values())


def test_volumes_of_different_length_are_refused(head_pair: Pair) -> None:
    m, p = head_pair
    with pytest.raises(GeometryError, match="equal numbers of slices"):
        evaluate_volume(np.stack([m, m]), np.stack([p, p, p]), np.stack([m, m]))
    with pytest.raises(GeometryError, match="volumes"):
        evaluate_volume(m, p, m)


def test_pictures_of_zero_to_one_are_refused(head_pair: Pair) -> None:
    """They would be rounded to black and one gray, and a VIF of theirs ranks noise over blur (torchmetrics, sewar)."""
    m, p = (picture / 255 for picture in head_pair)
    with pytest.raises(GeometryError, match=r"from 0 to 1 \(anatomy, function, fused\)"):
        evaluate_pair(m, p, m, measures="standard")
    with pytest.raises(GeometryError, match=r"from 0 to 1 \(fused\)"):
        evaluate_volume(*(np.stack([x, x]) for x in (255 * m, 255 * p, m)))
