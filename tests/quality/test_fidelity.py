"""The headline measures: definitions, what fools them not, and degenerate pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import spearmanr

from coconet_med.errors import GeometryError
from coconet_med.quality.baselines import fuse_classically
from coconet_med.quality.edges import edge_fidelity, find_edges
from coconet_med.quality.fidelity import FIDELITY_MEASURES, fidelity, harmonic_mean, hue_difference
from coconet_med.quality.regions import find_regions
from coconet_med.quality.vif import vif

Pair = tuple[np.ndarray, np.ndarray]


def test_every_measure_is_reported_and_finite_on_a_plain_pair(head_pair: Pair) -> None:
    m, p = head_pair
    values = fidelity(m, p, fuse_classically("gate", m, p))
    assert tuple(values) == FIDELITY_MEASURES
    assert all(math.isfinite(v) for name, v in values.items() if name != "hue_deg")


def test_the_three_parts_are_those_of_the_definition(head_pair: Pair) -> None:
    m, p = head_pair
    f = np.round(fuse_classically("laplacian", m, p))
    regions = find_regions(m, p)
    low_m, low_p, low_f = (ndimage.gaussian_filter(x, 3.0) for x in (m, p, f))
    values = fidelity(m, p, f)
    assert values["rho_lp"] == pytest.approx(spearmanr(low_f[regions.pos], low_p[regions.pos]).statistic)
    assert values["rho_MRI_cold"] == pytest.approx(spearmanr(low_f[regions.cold], low_m[regions.cold]).statistic)
    assert values["Q_MRI_in"] == edge_fidelity(find_edges(m), find_edges(f), where=regions.pos)
    parts = [values[name] for name in ("rho_lp", "Q_MRI_in", "rho_MRI_cold")]
    assert values["H"] == pytest.approx(3 / sum(1 / part for part in parts))


def test_copies_of_either_source_get_a_low_h_and_the_gate_a_high_one(head_pair: Pair) -> None:
    m, p = head_pair
    assert fidelity(m, p, m)["H"] < 0.5
    assert fidelity(m, p, p)["H"] < 0.5
    assert fidelity(m, p, fuse_classically("gate", m, p))["H"] > 0.7


def test_a_copy_of_the_anatomy_has_perfect_anatomy(head_pair: Pair) -> None:
    m, p = head_pair
    values = fidelity(m, p, m)
    assert values["rho_MRI_cold"] == pytest.approx(1.0)
    assert values["Q_MRI"] == pytest.approx(0.976, abs=0.002)
    assert values["Q_MRI_in"] == pytest.approx(0.976, abs=0.002)


def test_the_worse_source_sets_vif_and_edges(head_pair: Pair) -> None:
    m, p = head_pair
    values = fidelity(m, p, m)
    assert values["VIF_min"] == pytest.approx(vif(p, m))
    assert values["Q_min"] == pytest.approx(edge_fidelity(find_edges(p), find_edges(m)))
    assert values["SSIMh_min"] < 0.5 < fidelity(m, m, m)["SSIMh_min"]


def test_a_raised_background_leaks(head_pair: Pair) -> None:
    m, p = head_pair
    assert fidelity(m, p, m)["leak"] == 0.0
    assert fidelity(m, p, np.maximum(m, 4))["leak"] == 4.0


def test_saturation_is_the_share_of_the_head_at_white(head_pair: Pair) -> None:
    m, p = head_pair
    head = find_regions(m, p).head
    f = np.zeros_like(m)
    f[np.where(head)[0][:100], np.where(head)[1][:100]] = 255
    assert fidelity(m, p, f)["sat%"] == pytest.approx(100 * 100 / head.sum())


def test_h_is_zero_as_soon_as_one_part_fails() -> None:
    assert harmonic_mean([0.9, -0.1, 1.0]) == 0.0
    assert harmonic_mean([0.9, 0.0, 1.0]) == 0.0
    assert harmonic_mean([0.5, 0.5, 0.5]) == pytest.approx(0.5)
    assert math.isnan(harmonic_mean([0.5, math.nan, 0.5]))


def test_a_color_result_is_judged_by_its_rounded_luminance(head_pair: Pair) -> None:
    m, p = head_pair
    rgb = np.stack([m, p, m], axis=-1).astype(np.uint8)
    gray = np.round(0.299 * m + 0.587 * p + 0.114 * m)
    from_color, from_gray = fidelity(m, p, rgb), fidelity(m, p, gray)
    assert from_color["H"] == from_gray["H"]


def test_a_black_result_scores_zero_and_stays_in_the_averages(head_pair: Pair) -> None:
    m, p = head_pair
    values = fidelity(m, p, np.zeros_like(m))
    assert values["H"] == values["rho_lp"] == values["rho_MRI_cold"] == 0.0


def test_without_uptake_h_cannot_be_measured(head_pair: Pair) -> None:
    values = fidelity(head_pair[0], np.zeros_like(head_pair[0]), head_pair[0])
    assert math.isnan(values["H"])
    assert math.isnan(values["rho_lp"])
    assert values["rho_MRI_cold"] == pytest.approx(1.0)


@pytest.mark.parametrize("level", [0.0, 128.0])
def test_empty_pictures_raise_nothing_and_warn_of_nothing(level: float) -> None:
    flat = np.full((64, 64), level)
    assert math.isnan(fidelity(flat, flat, flat)["H"])


def test_hue_is_compared_only_where_there_is_color() -> None:
    red, green, gray = (np.full((4, 4, 3), c, dtype=np.uint8) for c in ((200, 0, 0), (0, 200, 0), (90, 90, 90)))
    everywhere = np.ones((4, 4), dtype=bool)
    assert hue_difference(red, red // 2, everywhere) == pytest.approx(0.0, abs=1e-5)
    # Cr and Cb of pure red and pure green, from the table of BT.601.
    angles = [math.degrees(math.atan2(cr, cb)) for cb, cr in ((-0.1687, 0.5), (-0.3313, -0.4187))]
    assert hue_difference(red, green, everywhere) == pytest.approx(360 - abs(angles[0] - angles[1]), abs=0.1)
    assert math.isnan(hue_difference(red, gray, everywhere))


def test_hue_needs_both_pictures_in_color(head_pair: Pair) -> None:
    m, p = head_pair
    warm = np.stack([p, p * 0.3, p * 0.1], axis=-1)
    assert math.isnan(fidelity(m, p, warm)["hue_deg"])
    assert fidelity(m, warm, warm)["hue_deg"] == pytest.approx(0.0, abs=1e-5)
    assert fidelity(m, warm, m, fused_rgb=warm)["hue_deg"] == pytest.approx(0.0, abs=1e-5)


def test_pictures_of_different_size_are_refused() -> None:
    with pytest.raises(GeometryError, match="anatomy 64x64, function 64x64, fused 64x60"):
        fidelity(np.zeros((64, 64)), np.zeros((64, 64)), np.zeros((64, 60)))
    with pytest.raises(GeometryError, match="shape"):
        fidelity(np.zeros((2, 64, 64)), np.zeros((64, 64)), np.zeros((64, 64)))
