"""Edge preservation agrees with its formulas written out pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coconet_med.quality.edges import edge_fidelity, find_edges, nabf, preservation, qabf


def _literal_sobel(image: np.ndarray, j: int, i: int) -> tuple[float, float]:
    """Convolution with h3 and h1 of the Qabf code at one pixel, zeros beyond the frame."""

    def at(dj: int, di: int) -> float:
        y, x = j + dj, i + di
        inside = 0 <= y < image.shape[0] and 0 <= x < image.shape[1]
        return float(image[y, x]) if inside else 0.0

    sx = (at(-1, -1) + 2 * at(0, -1) + at(1, -1)) - (at(-1, 1) + 2 * at(0, 1) + at(1, 1))
    sy = (at(1, -1) + 2 * at(1, 0) + at(1, 1)) - (at(-1, -1) + 2 * at(-1, 0) + at(-1, 1))
    return sx, sy


def _literal_edge(image: np.ndarray, j: int, i: int) -> tuple[float, float]:
    sx, sy = _literal_sobel(image, j, i)
    return math.sqrt(sx * sx + sy * sy), (math.pi / 2 if sx == 0 else math.atan(sy / sx))


def _literal_q(source: np.ndarray, fused: np.ndarray, j: int, i: int) -> tuple[float, float]:
    (ga, ta), (gf, tf) = _literal_edge(source, j, i), _literal_edge(fused, j, i)
    ratio = gf / ga if ga > gf else (gf if ga == gf else ga / gf)
    alignment = 1 - abs(ta - tf) / (math.pi / 2)
    return 0.9994 / (1 + math.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + math.exp(-22 * (alignment - 0.8))), ga


def _literal_qabf(a: np.ndarray, b: np.ndarray, f: np.ndarray) -> float:
    top = bottom = 0.0
    for j, i in np.ndindex(*f.shape):
        for source in (a, b):
            q, weight = _literal_q(source, f, j, i)
            top, bottom = top + q * weight, bottom + weight
    return top / bottom


def test_qabf_equals_the_literal_formula(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, b, f = noise_triple
    assert qabf(find_edges(a), find_edges(b), find_edges(f)) == pytest.approx(_literal_qabf(a, b, f), abs=1e-12)


def test_edge_fidelity_of_a_region_equals_the_literal_formula(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, _, f = noise_triple
    where = np.zeros(a.shape, dtype=bool)
    where[20:40, 5:30] = True
    terms = [_literal_q(a, f, j, i) for j, i in np.argwhere(where)]
    expected = sum(q * w for q, w in terms) / sum(w for _, w in terms)
    assert edge_fidelity(find_edges(a), find_edges(f), where=where) == pytest.approx(expected, abs=1e-12)


def test_a_copy_keeps_almost_all_edges(noise_triple: tuple[np.ndarray, ...]) -> None:
    edges = find_edges(noise_triple[0])
    assert edge_fidelity(edges, edges) == pytest.approx(0.9994 * 0.9879 / (1 + math.exp(-22 * 0.2)), abs=1e-3)


def test_flat_pixels_preserve_nothing() -> None:
    flat = find_edges(np.zeros((9, 9)))
    assert preservation(flat, flat).max() < 1e-3


def test_sources_without_edges_have_no_fidelity() -> None:
    flat = find_edges(np.zeros((9, 9)))
    assert math.isnan(edge_fidelity(flat, flat))
    assert math.isnan(qabf(flat, flat, flat))


def _literal_nabf(a: np.ndarray, b: np.ndarray, f: np.ndarray) -> float:
    def edge(image: np.ndarray, j: int, i: int) -> tuple[float, float]:
        sx, sy = _literal_sobel(np.pad(image, 1, mode="reflect") / 8, j + 1, i + 1)
        strength = math.hypot(sx, sy)
        return strength, 0.0 if strength == 0 else (math.atan(sy / sx) if sx else math.copysign(math.pi / 2, sy))

    def q(ga: float, ta: float, gf: float, tf: float) -> float:
        ratio = 0.0 if ga == 0 or gf == 0 else min(ga, gf) / max(ga, gf)
        alignment = abs(abs(ta - tf) - math.pi / 2) * 2 / math.pi
        qg = 0.9999 / (1 + math.exp(-19 * (ratio - 0.5)))
        return math.sqrt(qg * 0.9995 / (1 + math.exp(-22 * (alignment - 0.5))))

    top = bottom = 0.0
    for j, i in np.ndindex(*f.shape):
        (ga, ta), (gb, tb), (gf, tf) = edge(a, j, i), edge(b, j, i), edge(f, j, i)
        wa, wb = (g**1.5 if g >= 2 else 0.0 for g in (ga, gb))
        bottom += wa + wb
        if gf > ga and gf > gb:
            top += (1 - q(ga, ta, gf, tf)) * wa + (1 - q(gb, tb, gf, tf)) * wb
    return top / bottom


def test_nabf_equals_the_literal_formula(noise_triple: tuple[np.ndarray, ...]) -> None:
    assert nabf(*noise_triple) == pytest.approx(_literal_nabf(*noise_triple), abs=1e-12)


def test_a_copy_invents_no_edges_and_noise_does(head_pair: tuple[np.ndarray, np.ndarray]) -> None:
    m, p = head_pair
    noisy = np.clip(m + np.random.default_rng(1).normal(scale=60, size=m.shape), 0, 255)
    assert nabf(m, p, m) == 0.0
    assert nabf(m, p, noisy) > 0.1


def test_no_edges_give_no_artifacts() -> None:
    assert nabf(np.zeros((9, 9)), np.zeros((9, 9)), np.eye(9) * 255) == 0.0
