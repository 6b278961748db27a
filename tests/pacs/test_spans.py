"""Every study of a span of days is found, however the server caps its answers."""

from __future__ import annotations

import pydicom
import pytest
from dicom_phantom import uid
from odd_server import Habits, running


def _many(folder, make_study, number):
    """Studies of one object each, a minute apart over two days."""
    path = next((make_study(PET_AC="PT")[0]).rglob("*.dcm"))
    uids = []
    for n in range(number):
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID, ds.SOPInstanceUID = uid("many", n), uid("many object", n)
        ds.StudyDate, ds.StudyTime = f"202403{1 + n // 20:02d}", f"{8 + n % 20 // 10:02d}{n % 10:02d}00"
        folder.mkdir(exist_ok=True)
        ds.save_as(folder / f"{n}.dcm")
        uids.append(ds.StudyInstanceUID)
    return uids


@pytest.mark.parametrize("number", [3, 40])
@pytest.mark.parametrize(
    "habits", [Habits(), Habits(cap=7), Habits(only=7), Habits(cap=7, offset="ignored"), Habits(only=7, empty=404)]
)
def test_every_study_of_some_days_is_found(make_study, tmp_path, habits, number):
    with running(habits) as odd:
        expected = _many(tmp_path / "many", make_study, number)
        odd.put(tmp_path / "many")
        server = odd.server()
        assert sorted(server.studies(first_date="20240301", last_date="20240303")) == sorted(expected)
        odd.asked.clear()
        server.studies(first_date="20240301", last_date="20240303")
        assert habits != Habits() or len(odd.asked) == 2  # no look costs more once answers were seen to be whole
