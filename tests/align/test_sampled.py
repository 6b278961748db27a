"""The score at a sample of points is nearly that of the whole volumes, and falls with the distance."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align.prepared import Pair, score
from coconet_med.align.sampled import Sampled
from coconet_med.phantom import HeadPhantom


def test_a_sample_tells_the_right_place_from_others(head: HeadPhantom) -> None:
    pair = Pair.of(head.t1, head.pet)
    sampled = Sampled(pair, 6000)
    here = sampled.score(np.eye(3), np.zeros(3))
    assert here == pytest.approx(score(pair, sitk.Transform(3, sitk.sitkIdentity)), rel=0.25)
    scores = [sampled.score(np.eye(3), np.array([shift, 0.0, 0.0])) for shift in (0.0, 20.0, 60.0)]
    assert scores == sorted(scores, reverse=True)
    assert sampled.score(np.eye(3), np.array([1e4, 0.0, 0.0])) == 0
