"""Colors of an unknown palette in a row from like to like."""

from __future__ import annotations

import numpy as np

from coconet_med.color.likeness import likeness_path


def test_a_ramp_comes_back_in_its_order_and_strays_are_left_out() -> None:
    ramp = np.stack([np.arange(8, 256, 16)] * 3, axis=-1).astype(np.uint8) * np.array([1, 0, 0], np.uint8)
    picture = np.random.default_rng(1).permutation(np.repeat(ramp, 40, axis=0)).reshape(20, -1, 3)
    picture[0, 0] = (0, 255, 255)  # one pixel of noise
    path = likeness_path(picture)
    assert path[0].tolist() == [0, 0, 0]
    assert (np.diff(path[:, 0].astype(int)) > 0).all()
    assert path[-1, 0] >= 240
    assert not path[:, 1:].any()


def test_a_black_picture_has_black_alone() -> None:
    assert likeness_path(np.zeros((4, 4, 3), np.uint8)).tolist() == [[0, 0, 0]]
