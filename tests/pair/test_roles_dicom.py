"""Images the wrong way round are found by their headers."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_phantom import classic, spect

import coconet_med
from coconet_med.errors import PairError

BLOBS = np.stack([np.add.outer(np.arange(24) % 11, np.arange(20) % 7) * (k + 3) for k in range(8)]).astype(int) * 9


def _fuse(*paths, **options):
    return coconet_med.fuse(*paths, register="never", **options)


@pytest.mark.parametrize("anatomy", ["PT", "NM"])
@pytest.mark.parametrize("function", ["MR", "CT"])
def test_uptake_as_anatomy_and_anatomy_as_function_are_refused_as_swapped(anatomy, function, tmp_path):
    classic(tmp_path / "second", function, values=BLOBS)
    if anatomy == "NM":
        spect(tmp_path / "first")
    else:
        classic(tmp_path / "first", "PT", series="PET")
    with pytest.raises(PairError, match=rf"swapped: .* is {anatomy} and .* is {function}; give the {function} first"):
        _fuse(tmp_path / "first", tmp_path / "second")
