"""NIfTI that one program refuses and another reads is opened."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("at", "stored", "said"),
    [
        (88, np.float32(-3), r"pixdim\[1,2,3\] should be positive"),
        (254, np.int16(7), "sform_code 7 not valid"),
    ],
)
def test_what_nibabel_mends_in_a_header_is_a_warning_and_not_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], at: int, stored: np.generic, said: str
) -> None:
    """With a negative pixdim and a qform alone, ITK takes 1 mm and nibabel the absolute value."""
    path = write(tmp_path / "a.nii", PLACE, PLACE, (0, 1))
    raw = bytearray(path.read_bytes())
    raw[at : at + stored.nbytes] = stored.tobytes()
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert re.search(f"a.nii: its header is wrong: {said}", source.warnings[-1])
    assert np.allclose(world(source.image), (PLACE @ [3, 4, 5, 1])[:3], atol=1e-3)
    assert capfd.readouterr().err == ""


def test_sizes_of_zero_behind_the_third_are_one(tmp_path: Path) -> None:
    """As in the reference library (nifti1_io.c, nifti_convert_nhdr2nim): dim[0] is 4 and dim[4] 0."""
    path = save(tmp_path / "a.nii", values())
    raw = bytearray(path.read_bytes())
    raw[40:42], raw[48:50] = np.int16(4).tobytes(), np.int16(0).tobytes()
    path.write_bytes(raw)
    assert read(path, "anatomy").image.GetSize() == (7, 8, 9)
