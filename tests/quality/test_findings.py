"""Small findings among the measures of a case, a volume and a table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.quality import Row, Table, evaluate_pair, evaluate_volume
from coconet_med.quality.baselines import fuse_classically
from coconet_med.quality.findings import FINDING_MEASURES, finding_readings, mean_over
from coconet_med.quality.foci import foci_of, measure

Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def two_foci(head_pair: Pair) -> Pair:
    """The head with smooth anatomy and two hot foci in the function."""
    inside = head_pair[0] > 0
    spots = np.zeros(inside.shape)
    spots[30, 40] = spots[60, 50] = 1
    anatomy = np.where(inside, 110.0, 0)
    return anatomy, np.round(np.where(inside, 80.0, 0) + 80 * 2 * np.pi * 9 * ndimage.gaussian_filter(spots, 3.0))


def test_the_readings_are_those_of_the_foci(two_foci: Pair) -> None:
    m, p = two_foci
    values = finding_readings(m, p, m)
    assert tuple(values) == FINDING_MEASURES
    assert (values["foci"], values["foci_lost"], values["foci_lost_oklab"], values["foci_MRI"]) == (2, 1, 1, 0)
    assert math.isnan(values["foci_MRI_lost"])
    half = finding_readings(m, p, fuse_classically("average", m, p))
    read = measure(foci_of(m, p), np.round(fuse_classically("average", m, p)))
    assert half["foci_kept"] == read["kept"] == pytest.approx(0.5, abs=0.02)


def test_they_are_part_of_fidelity(two_foci: Pair) -> None:
    m, p = two_foci
    values = evaluate_pair(m, p, m)
    assert {name: values[name] for name in ("foci", "foci_lost")} == {"foci": 2, "foci_lost": 1}
    assert set(evaluate_pair(m, p, m, measures="findings")) == set(FINDING_MEASURES)


def test_the_same_sources_with_another_result_are_not_mixed_up(two_foci: Pair) -> None:
    m, p = two_foci
    assert [finding_readings(m, p, f)["foci_lost"] for f in (m, p, m)] == [1, 0, 1]
    assert finding_readings(m, p[::-1], p[::-1])["foci_lost"] == 0


def test_shares_weigh_by_the_number_of_foci_but_persons_count_alike() -> None:
    rows = [
        {"foci": 9.0, "foci_lost": 0.0},
        {"foci": 1.0, "foci_lost": 1.0},
        {"foci": 0.0, "foci_lost": math.nan},
    ]
    assert mean_over(rows, "foci_lost") == pytest.approx(0.1)
    assert mean_over(rows, "foci") == pytest.approx(10 / 3)
    assert math.isnan(mean_over(rows[2:], "foci_lost"))
    persons = [*(Row(str(n), row, person="a") for n, row in enumerate(rows)), Row("3", rows[1], person="b")]
    mean = Table(persons).means()[0]
    assert mean.values["foci_lost"] == pytest.approx((0.1 + 1) / 2)
    assert mean.missing == {}


def test_a_volume_counts_all_its_foci(two_foci: Pair) -> None:
    m, p = two_foci
    one = p.copy()
    one[50:] = np.minimum(one[50:], 80)
    values = evaluate_volume(np.stack([m, m, m]), np.stack([p, one, p]), np.stack([m, one, m]))
    assert values["foci"] == pytest.approx(5 / 3)
    assert values["foci_lost"] == pytest.approx(4 / 5)
