"""The table of tissues: one number each, and cortex to white matter as in normal studies."""

from __future__ import annotations

import numpy as np

from coconet_med.phantom.tissues import LABELS, TISSUES, lookup


def test_numbers_are_unique_and_look_up_what_their_tissue_has() -> None:
    assert sorted(LABELS.values()) == list(range(len(TISSUES)))
    table = lookup("uptake")
    assert table.dtype == np.float32
    assert table[LABELS["gray"]] == 4 * table[LABELS["white"]]
    assert all(lookup("t1")[tissue.label] == tissue.t1 for tissue in TISSUES.values())
