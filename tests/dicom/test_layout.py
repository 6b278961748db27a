"""Which images make the volume, and what it is called."""

from __future__ import annotations

import pytest
from dicom_phantom import CLASSES, classic, enhanced, spect

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def test_the_name_of_a_source_cannot_be_a_path(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "SeriesDescription", "../../etc/passwd"))
    assert read_series(tmp_path, "anatomy").name == "-..-etc-passwd"


@pytest.mark.parametrize(
    ("made", "labeled", "named"),
    [
        ("PT", "CT", "PET Image Storage"),
        ("MR", "PT", "MR Image Storage"),
        ("CT", "MR", "CT Image Storage"),
        ("NM", "PT", "NM Image Storage"),
        ("EMR", "CT", "Enhanced MR Image Storage"),
        ("EPT", "NM", "Enhanced PET Image Storage"),
    ],
)
def test_a_class_and_a_modality_that_contradict_each_other_are_refused(tmp_path, made, labeled, named):
    make = {"NM": spect, "EMR": enhanced, "EPT": lambda folder, edit: enhanced(folder, "EPT", edit=edit)}.get(
        made, lambda folder, edit: classic(folder, made, edit=edit)
    )
    make(tmp_path, edit=lambda ds, k=0: setattr(ds, "Modality", labeled))
    with pytest.raises(ReadError, match=rf"its SOP Class is {named}, but its Modality \(0008,0060\) says {labeled}"):
        read_series(tmp_path, "anatomy" if labeled in ("MR", "CT") else "function")


def test_one_image_of_another_class_in_a_series_is_refused_by_name(tmp_path):
    def edit(ds, k):
        if k == 2:
            ds.SOPClassUID = CLASSES["PT"]

    classic(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=r"is PET Image Storage, but .* says MR \(002_2\.dcm\)"):
        read_series(tmp_path, "anatomy")
