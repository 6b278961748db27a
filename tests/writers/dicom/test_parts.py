"""What goes into a DICOM result decides its UIDs, and is checked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pydicom
import pytest
from parts_cases import PROVENANCE, parts_of

from coconet_med.errors import WriteError
from coconet_med.writers.dicom import write_dicom


def test_the_same_work_gives_the_same_uids_and_other_settings_give_others(study, tmp_path):
    def uids(name, form="sc", **changes):
        files = write_dicom(parts_of(study, **changes), tmp_path / name, form=form)
        return [pydicom.dcmread(f).SOPInstanceUID for f in files]

    first = uids("a")
    assert len(set(first)) == 6
    assert uids("b", created=datetime(2030, 1, 1)) == first
    assert not set(uids("c", provenance=PROVENANCE | {"model_sha256": "cd" * 32})) & set(first)
    assert not set(uids("d", provenance=PROVENANCE | {"options": {"colormap": "gray"}})) & set(first)


def test_an_anatomy_without_headers_is_refused(study, tmp_path):
    anatomy, function = study
    with pytest.raises(WriteError, match=r"no DICOM headers.*write NIfTI"):
        write_dicom(parts_of((replace(anatomy, dicom=None), function)), tmp_path / "out")


@pytest.mark.parametrize(("form", "made_for"), [("gray", "sc"), ("sc", "gray"), ("enhanced", "gray")])
def test_an_image_that_does_not_suit_the_form_is_refused(study, tmp_path, form, made_for):
    with pytest.raises(WriteError, match=f"--dicom-form {form} needs"):
        write_dicom(parts_of(study, made_for), tmp_path / "out", form=form)


def test_an_image_on_another_grid_is_refused(study, tmp_path):
    parts = parts_of(study)
    parts.image.SetOrigin((0.0, 0.0, 0.0))
    with pytest.raises(WriteError, match="does not lie on the anatomical grid"):
        write_dicom(parts, tmp_path / "out")


def test_provenance_of_any_plain_kind_enters_the_uids(study):
    assert json.dumps(PROVENANCE)
    assert parts_of(study).uid("x") == parts_of(study, provenance=dict(reversed(PROVENANCE.items()))).uid("x")
