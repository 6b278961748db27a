"""How messages name files and series."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset

from coconet_med.dicom.series import IMAGE_CLASSES, MODALITY_OF_CLASS, Instance, Series, is_reprojection, name_files


def _instance(**attributes: object) -> Instance:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return Instance(Path("a\n.dcm"), ds, "")


def test_a_series_is_named_by_uid_modality_description_and_number_of_files() -> None:
    one = _instance(Modality="MR", SeriesDescription="T1\tMPRAGE", ImageType=["ORIGINAL", "M"])
    assert Series("1.2", (one,)).describe() == "1.2 (MR, 'T1 MPRAGE', 1 file)"
    assert Series("1.2", (_instance(),) * 2).describe() == "1.2 (no modality, no description, 2 files)"
    assert Series("1.2", (one,)).words() == {"ORIGINAL", "M"}
    assert one.name == "a .dcm"


def test_of_many_files_the_first_are_named() -> None:
    assert name_files(Path(name) for name in "ba") == "a, b"
    assert name_files(Path(name) for name in "edcba") == "a, b, c and 2 more"


def test_every_class_has_a_modality_and_projections_are_known() -> None:
    assert MODALITY_OF_CLASS.keys() == IMAGE_CLASSES.keys()
    assert {MODALITY_OF_CLASS[uid] for uid, name in IMAGE_CLASSES.items() if "PET" in name} == {"PT"}
    assert is_reprojection(Series("1", (_instance(SeriesType=["STATIC", "REPROJECTION"]),)))
    assert not is_reprojection(Series("1", (_instance(SeriesType=["STATIC", "IMAGE"]),)))
