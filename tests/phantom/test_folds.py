"""The cortex is folded."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from head_cases import array, head

from coconet_med.phantom import LABELS


def test_the_cortex_is_folded() -> None:
    """The pial contour is far longer than the smooth one around it: a gyrification index above 1.6."""
    labels = array(head().labels)
    brain = np.isin(labels, [LABELS["gray"], LABELS["white"]])[60:75]  # slices 24 to 52 mm above the middle
    contour = sum(np.count_nonzero(brain != np.roll(brain, 1, axis)) for axis in (1, 2))
    hull = scipy.ndimage.binary_fill_holes(scipy.ndimage.binary_closing(np.pad(brain, 15), iterations=12))
    envelope = sum(np.count_nonzero(hull != np.roll(hull, 1, axis)) for axis in (1, 2))
    assert contour > 1.6 * envelope
