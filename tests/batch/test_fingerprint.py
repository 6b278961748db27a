"""A fingerprint covers all that was read, and opens nothing that may never end."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.batch.fingerprint import _sha256
from coconet_med.errors import ReadError
from coconet_med.readers import read
from coconet_med.system.digest import sha256_of

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mha", "a.png", "a", "a.dcm", "a.hdr"])
def test_a_pipe_given_as_input_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    for use in (lambda path: read(path, "anatomy"), _sha256):
        with pytest.raises(ReadError, match="is a pipe or device"):
            use(tmp_path / name)


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_the_fingerprint_covers_the_voxels_wherever_their_name_leads(tmp_path: Path, suffix: str) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(RNG.normal(size=(5, 6, 7)).astype(np.float32)), str(tmp_path / f"a{suffix}"))
    (tmp_path / "a.raw").rename(tmp_path / "other.bin")
    header = tmp_path / f"a{suffix}"
    header.write_text(header.read_text(encoding="utf-8").replace("a.raw", "other.bin"), encoding="utf-8")
    before = _sha256(header)
    assert before == sha256_of(header, tmp_path / "other.bin") == read(header, "anatomy").sha256
    voxels = bytearray((tmp_path / "other.bin").read_bytes())
    voxels[40] ^= 1
    (tmp_path / "other.bin").write_bytes(voxels)
    assert _sha256(header) != before
