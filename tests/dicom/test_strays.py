"""Images of a stack that bear another Series Instance UID."""

from __future__ import annotations

import pydicom
import pytest
from dicom_phantom import classic, stored_values, uid

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series, read_study


@pytest.mark.parametrize("slices", [(2,), (5,), (0,)])
def test_slices_with_another_series_uid_are_refused(slices, tmp_path):
    def edit(ds, k):
        if k in slices:
            ds.SeriesInstanceUID = uid("another")

    classic(tmp_path, "MR", edit=edit)
    with pytest.raises(ReadError, match=r"free places of its stack have another Series Instance UID"):
        read_series(tmp_path, "anatomy")
    classic(tmp_path / "pt", "PT", series="PET", values=stored_values(6, seed=4))
    with pytest.raises(ReadError, match=r"free places of its stack have another Series Instance UID"):
        read_study(tmp_path)


def test_a_second_series_in_the_same_places_is_no_stray(tmp_path):
    classic(tmp_path / "a", "PT")
    classic(
        tmp_path / "b",
        "PT",
        values=stored_values(3),
        series="T1 MPRAGE",
        edit=lambda ds, k: setattr(ds, "SeriesInstanceUID", uid("b")),
    )
    uids = [pydicom.dcmread(next((tmp_path / n).iterdir())).SeriesInstanceUID for n in "ab"]
    assert read_series(tmp_path, "function", series_uid=uids[0]).image.GetSize()[2] == 6
