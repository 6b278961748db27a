"""Two DICOM headers of one person that describe two bodies are reported, and what it means for SUV."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_phantom import classic, stored_values

from coconet_med.pair import check_pair
from coconet_med.pair.bodies import body_warnings
from coconet_med.readers import read
from coconet_med.source import Source


def pair(folder: Path, mr: dict[str, str], pet: dict[str, str]) -> tuple[Source, Source]:
    for name, facts in (("MR", mr), ("PT", pet)):

        def edit(ds, k, facts=facts):
            for keyword, value in facts.items():
                setattr(ds, keyword, value)

        classic(folder / name, name, series=name, values=stored_values(seed=ord(name[0])), edit=edit)
    return read(folder / "MR", "anatomy"), read(folder / "PT", "function")


@pytest.mark.parametrize(
    ("mr", "pet", "said"),
    [
        (
            {"PatientWeight": "110"},
            {},
            "weighs 70 kg by PT, which was taken, and 110 kg by MR, by which SUV 1.00 would be",
        ),
        ({"PatientWeight": "75"}, {}, ""),
        ({"PatientWeight": "110", "StudyDate": "20231201"}, {}, ""),
        ({"PatientWeight": "0"}, {}, ""),
        ({"StudyDate": "20210101"}, {}, "MR (2021-01-01) and PT (2024-03-01) are 1155 days apart"),
        ({"StudyDate": ""}, {}, ""),
        ({"PatientWeight": "110"}, {"Units": "PROPCNTS"}, ""),
        ({"PatientSize": "1.85"}, {"PatientSize": "162"}, "is 1.85 m tall by MR and 1.62 m by PT"),
        ({"PatientSize": "1.75"}, {"PatientSize": "1.7"}, ""),
        ({"PatientSize": "0.9"}, {"PatientSize": "1.2"}, ""),
        ({"PatientSize": "1.75"}, {"PatientSize": ""}, ""),
        ({}, {"PatientPosition": "FFS"}, "MR (Patient Position HFS) and PT (FFS) share a frame of reference"),
        ({"FrameOfReferenceUID": "1.2.9"}, {"PatientPosition": "FFS"}, ""),
        ({}, {"PatientPosition": ""}, ""),
    ],
)
def test_weights_and_heights_are_held_against_each_other(
    tmp_path: Path, mr: dict[str, str], pet: dict[str, str], said: str
) -> None:
    anatomy, function = pair(tmp_path, mr, pet)
    found = body_warnings(anatomy, function)
    assert len(found) == bool(said)
    assert all(said in note for note in found)
    assert set(found) <= set(check_pair(anatomy, function).warnings)
