"""The mean of a time series keeps what its file says, and frames without a duration are named."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nifti_cases import PLACE, moved, world, write

from coconet_med.errors import ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(3)


def test_the_mean_of_a_time_series_keeps_forms_and_unit(tmp_path: Path) -> None:
    from coconet_med.readers.frames import static_image
    from coconet_med.readers.pet_json import PetFacts

    frames = RNG.normal(100, 20, (7, 8, 9, 3)).astype(np.float32)
    stored = np.diag((1e-3, 1e-3, 1e-3, 1)) @ PLACE
    path = write(tmp_path / "a.nii.gz", stored, moved(stored, 0, 0.025, 0), (2, 1), unit="meter", array=frames)
    (tmp_path / "mean").mkdir()
    static = static_image(path, tmp_path / "mean", dynamic="mean", facts=PetFacts({"FrameDuration": [1.0, 1.0, 2.0]}))
    assert static is not None
    source = read(static.path, "function")
    assert np.allclose(world(source.image), (PLACE @ [3, 4, 5, 1])[:3], atol=1e-4)
    assert source.image[3, 4, 5] == pytest.approx(float(frames[3, 4, 5] @ [0.25, 0.25, 0.5]), rel=1e-5)
    assert any("25 mm apart" in warning for warning in source.warnings)


@pytest.mark.parametrize("seconds", [0.0, -600.0])
def test_a_frame_that_lasts_no_time_is_named(tmp_path, seconds):
    from coconet_med.readers.frames import static_image
    from coconet_med.readers.pet_json import PetFacts

    path = tmp_path / "pet.nii.gz"
    nib.save(nib.Nifti1Image(np.random.default_rng(0).random((4, 4, 4, 2), np.float32), np.diag([4.0, 4, 4, 1])), path)
    with pytest.raises(ReadError, match=f"FrameDuration in its JSON file holds {seconds:g} s, and no frame is that"):
        static_image(path, tmp_path, dynamic="mean", facts=PetFacts({"FrameDuration": [600.0, seconds]}))
