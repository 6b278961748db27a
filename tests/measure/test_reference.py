"""A reference region that is not there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import coconet_med
from coconet_med.errors import OptionError


@pytest.mark.parametrize(
    ("reference", "error", "words"),
    [
        ("Cerebellum", OptionError, "no label of"),
        ("99", OptionError, "no label of"),
        ("none.nii.gz", OptionError, "is no"),
    ],
)
def test_a_reference_that_is_not_there_is_named(pair, labels: Path, mean_model, reference, error, words) -> None:
    with pytest.raises(error, match=words):
        coconet_med.fuse(*pair, register="never", model=mean_model, reference=reference, labels=labels)
