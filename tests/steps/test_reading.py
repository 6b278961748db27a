"""Two images are read as a pair, or refused before anything is done with them."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.errors import OptionError
from coconet_med.options import FuseOptions
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.readers.memory import from_memory
from coconet_med.steps.reading import read_pair


@pytest.mark.parametrize(
    ("function", "options", "words"),
    [
        (None, {}, "only one image was given"),
        ("pet.nii", {"anatomy_kind": "MR", "function_series": "1.2"}, "--function-series and --anatomy: choose in one"),
        ("pet.nii", {"color": "source"}, "--color source is for 2-D pictures"),
    ],
)
def test_what_makes_no_pair_is_refused(head: HeadPhantom, function, options, words) -> None:
    with pytest.raises(OptionError, match=words):
        read_pair(head.t1, function, FuseOptions(**options))


def test_images_are_taken_as_files_as_arrays_and_as_they_were_read_before(pair, head: HeadPhantom) -> None:
    options = FuseOptions()
    from_files, _, _ = read_pair(*pair, options)
    before = from_memory(head.t1, "anatomy")
    again, function, _ = read_pair(before, head.pet, options)
    assert again is before
    assert from_files.image.GetSize() == before.image.GetSize()
    assert function.image.GetSize() == head.pet.GetSize()
    mri, pet = slice_pair(32)
    one, other, _ = read_pair(np.stack([mri] * 3, axis=-1), pet, FuseOptions(color="source"))
    assert one.planar
    assert other.planar
