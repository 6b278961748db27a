"""Arrays on their way to the page are what they were."""

from __future__ import annotations

import numpy as np

from coconet_med.viewer.content import as_whole


def test_whole_numbers_travel_as_such_and_fractions_as_they_are():
    assert as_whole(np.array([0.0, 255.0], np.float32)).dtype == np.uint8
    assert as_whole(np.array([-3.0, 900.0], np.float32)).dtype == np.int16
    assert as_whole(np.array([0.0, 40000.0], np.float32)).dtype == np.uint16
    assert as_whole(np.array([0.5], np.float32)).dtype == np.float32
    assert as_whole(np.array([0.0, 1e6], np.float32)).dtype == np.float32
