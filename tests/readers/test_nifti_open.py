"""NIfTI that one program refuses and another reads is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nifti_cases import PLACE, save, values, world, write

from coconet_med.errors import ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(("excess", "read_it"), [(3e-6, True), (2e-4, True), (0.05, False)])
def test_a_quaternion_too_long_by_rounding_is_shortened(tmp_path: Path, excess: float, read_it: bool) -> None:
    """fmriprep issue 845, spinalcordtoolbox issue 3703: nibabel alone refuses what ITK and FSL read."""
    turned = np.diag((-2.0, -2, 3, 1))
    path = write(tmp_path / "a.nii", PLACE, turned, (0, 1))
    raw = bytearray(path.read_bytes())
    raw[256:268] = np.array([0, 0, 1 + excess], "<f4").tobytes()
    path.write_bytes(raw)
    if not read_it:
        with pytest.raises(ReadError, match=r"quaternion of its qform has the length 1\.05"):
            read(path, "anatomy")
        return
    assert np.allclose(world(read(path, "anatomy").image), (turned @ [3, 4, 5, 1])[:3], atol=1e-4)


def test_the_case_of_a_suffix_is_no_matter(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", values()).rename(tmp_path / "T1.Nii")
    read(path, "anatomy")
    read(save(tmp_path / "b.nii.gz", values()).rename(tmp_path / "T1.Nii.GZ"), "anatomy")
