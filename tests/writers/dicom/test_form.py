"""Forms of a DICOM result, and which pairs can have them."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_phantom import classic, stored_values
from parts_cases import parts_of

from coconet_med.commands.main import main
from coconet_med.errors import OptionError, WriteError
from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import write_dicom


def test_an_unknown_form_is_an_option_error(study, tmp_path):
    with pytest.raises(OptionError, match="choose sc, enhanced, gray or navigation"):
        write_dicom(parts_of(study), tmp_path / "out", form="rgb")


def test_mr_forms_are_refused_for_a_ct_anatomy(tmp_path):
    classic(tmp_path / "ct", "CT", series="CT head")
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "ct", "anatomy"), read_series(tmp_path / "pt", "function")
    with pytest.raises(WriteError, match="makes an MR object, but the anatomy is CT; use sc"):
        write_dicom(parts_of(sources, "gray"), tmp_path / "out", form="gray")
    assert pydicom.dcmread(write_dicom(parts_of(sources), tmp_path / "out")[0]).Modality == "CT"


@pytest.mark.parametrize("way", ["fuse", "batch"])
def test_a_form_that_the_anatomy_cannot_have_is_refused_before_anything_is_aligned(way, tmp_path, monkeypatch, capsys):
    study, out = tmp_path / "studies" / "one", tmp_path / "out"
    classic(study / "ct", "CT", series="CT head")
    values = np.random.default_rng(7).integers(0, 3000, stored_values().shape)
    classic(study / "pt", "PT", series="PET AC", values=values)

    def never(*_, **__):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("coconet_med.fusion.CheckedWhilePainting", never)
    words = {"fuse": ["fuse", study, "-o", out], "batch": ["batch", study.parent, out, "--format", "dicom"]}
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words[way]), "--dicom-form", "gray"])
    said = capsys.readouterr().err
    assert ended.value.code != 0
    assert "makes an MR object, but the anatomy is CT; use sc" in said
    assert not list(tmp_path.rglob("IM*.dcm"))
