"""VIF agrees with its formula written with two-dimensional windows, and knows copies, contrast and loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.signal import convolve2d

from coconet_med.quality.vif import vif


def _literal_vif(ref: np.ndarray, dist: np.ndarray) -> float:
    got = had = 0.0
    for scale, width in enumerate((17, 9, 5, 3)):
        r = np.arange(width) - width // 2
        window = np.exp(-(r[:, None] ** 2 + r[None, :] ** 2) / (2 * (width / 5) ** 2))
        window /= window.sum()

        def mean(x: np.ndarray, window: np.ndarray = window) -> np.ndarray:
            return convolve2d(x, window, mode="valid")

        if scale:
            ref, dist = mean(ref)[::2, ::2], mean(dist)[::2, ::2]
        statistics = (mean(ref), mean(dist), mean(ref * ref), mean(dist * dist), mean(ref * dist))
        for mr, md, rr, dd, rd in zip(*(x.ravel() for x in statistics), strict=True):
            vr, vd, cov = max(rr - mr * mr, 0), max(dd - md * md, 0), rd - mr * md
            gain = cov / (vr + 1e-10) if vr >= 1e-10 and vd >= 1e-10 else 0.0
            rest = 0.0 if vd < 1e-10 else vd - gain * cov
            if gain < 0:
                gain, rest = 0.0, vd
            got += math.log10(1 + gain**2 * vr / (max(rest, 1e-10) + 2))
            had += math.log10(1 + vr / 2)
    return got / had


def test_vif_equals_the_literal_formula(noise_triple: tuple[np.ndarray, ...]) -> None:
    a, b, _ = noise_triple
    mixed = 0.6 * a + 0.4 * b
    assert vif(a, mixed) == pytest.approx(_literal_vif(a, mixed), rel=1e-9)


def test_a_copy_scores_one_blur_less_and_contrast_more(head_pair: tuple[np.ndarray, np.ndarray]) -> None:
    anatomy = head_pair[0]
    assert vif(anatomy, anatomy) == pytest.approx(1.0, abs=1e-6)
    assert vif(anatomy, ndimage.gaussian_filter(anatomy, 2)) < 0.5
    assert vif(anatomy / 2, anatomy) > 1.05


def test_inverted_contrast_carries_no_information(head_pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert vif(head_pair[0], 255 - head_pair[0]) == pytest.approx(0.0, abs=1e-6)


def test_a_constant_reference_loses_nothing() -> None:
    assert vif(np.full((64, 64), 9.0), np.zeros((64, 64))) == 1.0


def test_a_constant_result_keeps_nothing(head_pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert vif(head_pair[0], np.full((96, 96), 30.0)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("size", "measurable"), [(41, True), (40, False), (5, False)])
def test_pictures_too_small_for_four_scales_have_no_vif(size: int, measurable: bool) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (size, size)).astype(float)
    assert math.isnan(vif(picture, picture)) is not measurable
