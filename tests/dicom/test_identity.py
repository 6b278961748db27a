"""Images of two patients are refused on every way in; what is not known is said; asked for, the result is nobody's."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
from dicom_phantom import classic, enhanced, spect, stored_values
from pydicom import Dataset

import coconet_med
from coconet_med.batch.case import BatchOptions
from coconet_med.batch.run import Runner
from coconet_med.batch.sources import find_cases
from coconet_med.dicom.identity import compare, person_of
from coconet_med.errors import PairError, ReadError
from coconet_med.readers.dicom import read_series, read_study

BLOBS = np.stack([np.add.outer(np.arange(24) % 11, np.arange(20) % 7) * (k + 3) for k in range(8)]).astype(int) * 9


def _setting(**attributes):
    def edit(ds: Dataset, k: int) -> None:
        for keyword, value in attributes.items():
            if value is None:
                ds.pop(keyword, None)
            else:
                setattr(ds, keyword, value)

    return edit


def _pair(folder, *, mri=None, pet=None):
    classic(folder / "mr", "MR", values=BLOBS, edit=_setting(**(mri or {})))
    values = stored_values(8, 24, 20)
    classic(folder / "pt", "PT", series="PET AC", values=values, edit=_setting(**(pet or {})))
    return folder / "mr", folder / "pt"


def _fuse(*paths, **options):
    return coconet_med.fuse(*paths, register="never", **options)


def _item(**attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def _person(**attributes):
    return person_of(_item(**attributes))


BASE = {"IssuerOfPatientID": "SOUTH", "PatientSex": "M"}


OTHERS = {
    "another Patient ID": {"PatientID": "P-2"},
    "a twin": {"PatientID": "P-2", "PatientName": "Phantom^Paula"},
    "another birth date": {"PatientBirthDate": "19700102"},
    "another sex": {"PatientSex": "F"},
    "the same number from another hospital": {"IssuerOfPatientID": "NORTH"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_two_paths_of_two_patients_are_refused(what, tmp_path):
    mri, pet = _pair(tmp_path, mri=BASE, pet=BASE | OTHERS[what])
    with pytest.raises(PairError, match=r"are of different patients: .* differ.*--different-patients") as refusal:
        _fuse(mri, pet)
    assert "\n" not in str(refusal.value)
    assert "1970" not in str(refusal.value)  # a birth date is not printed


@pytest.mark.parametrize("what", OTHERS)
def test_a_study_folder_of_two_patients_lists_them(what, tmp_path):
    _pair(tmp_path, mri=BASE, pet=BASE | OTHERS[what])
    with pytest.raises(
        ReadError, match=r"several patients .* differs.: Patient ID P-.*; Patient ID P-.*; give "
    ) as listed:
        read_study(tmp_path)
    assert "MR 'T1 MPRAGE'" in str(listed.value)
    assert "PT 'PET AC'" in str(listed.value)


def test_a_series_folder_of_two_patients_lists_them_unless_one_series_is_named(tmp_path):
    classic(tmp_path / "a", "MR", series="one")
    classic(tmp_path / "b", "MR", series="two", edit=_setting(PatientID="P-2"))
    with pytest.raises(ReadError, match=r"several patients .*Patient ID P-1: MR 'one'; Patient ID P-2: MR 'two'"):
        read_series(tmp_path, "anatomy")
    uid = pydicom.dcmread(next((tmp_path / "a").iterdir())).SeriesInstanceUID
    assert read_series(tmp_path, "anatomy", series_uid=uid).name == "one"


@pytest.mark.parametrize("kind", ["enhanced", "NM"])
def test_multi_frame_objects_of_two_patients_are_refused(kind, tmp_path):
    if kind == "NM":
        mri = classic(tmp_path / "mr", "MR") is not None and tmp_path / "mr"
        spect(tmp_path / "nm", edit=_setting(PatientID="P-2"))
        pet = tmp_path / "nm" / "spect.dcm"
    else:
        enhanced(tmp_path / "mr", "EMR", edit=_setting(PatientID="P-2"))
        mri = tmp_path / "mr" / "enhanced.dcm"
        enhanced(tmp_path / "pt", "EPT", slopes=np.full(6, 0.5))
        pet = tmp_path / "pt" / "enhanced.dcm"
    with pytest.raises(PairError, match=r"different patients: Patient ID differs"):
        _fuse(mri, pet)


def test_slices_of_two_patients_in_one_series_are_refused_with_the_files(tmp_path):
    def edit(ds, k):
        if k == 3:
            ds.PatientID, ds.PatientBirthDate = "P-2", "19810101"

    classic(tmp_path, "MR", edit=edit)
    with pytest.raises(
        ReadError, match=r"2 different patients \(Patient ID and birth date differ\).*Patient ID P-2: 003_3"
    ):
        read_series(tmp_path, "anatomy")


def test_batch_refuses_two_patients_in_a_study_and_in_a_table(tmp_path):
    _pair(tmp_path / "in" / "case", pet={"PatientID": "P-2"})
    (tmp_path / "in" / "table.csv").write_text("id,mri,pet\nrow,case/mr,case/pt\n", encoding="utf-8")
    runner = Runner(tmp_path / "out", BatchOptions(register="never"))
    for source, words in ((tmp_path / "in", "several patients"), (tmp_path / "in" / "table.csv", "different patients")):
        (case,) = find_cases(source)
        outcome = runner.run(case)
        assert outcome.status == "failed"
        assert words in outcome.error
    (case,) = find_cases(tmp_path / "in" / "table.csv")
    outcome = Runner(tmp_path / "out", BatchOptions(register="never", different_patients=True)).run(case)
    assert outcome.status == "done"
    assert any("different patients" in warning for warning in outcome.warnings)


def test_monai_transforms_refuse_two_patients(tmp_path):
    pytest.importorskip("monai")
    from coconet_med.transforms import ReadSourced

    mri, pet = _pair(tmp_path, mri={"PatientSex": "M"}, pet={"PatientSex": "F"})
    with pytest.raises(PairError, match=r"sex differs"):
        ReadSourced(("anatomy", "function"))({"anatomy": mri, "function": pet})
    ReadSourced(("anatomy", "function"), different_patients=True)({"anatomy": mri, "function": pet})


@pytest.mark.parametrize("form", ["sc", "enhanced", "gray"])
def test_asked_for_the_result_says_so_and_lies_in_a_study_of_its_own(form, tmp_path):
    mri, pet = _pair(tmp_path, pet={"PatientID": "P-2"})
    result = _fuse(mri, pet, different_patients=True)
    assert any("of different patients (Patient ID differs), as asked" in warning for warning in result.warnings)
    result.save(tmp_path / "fused", form=form)
    reported = json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))
    assert reported["patients"]["verdict"].startswith("different")
    assert reported["patients"]["different"] == ["Patient ID"]
    assert "of different patients" in result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    for path in (tmp_path / "fused").iterdir():
        ds = pydicom.dcmread(path)
        source = pydicom.dcmread(next(mri.iterdir()))
        derived = [element.value for element in ds.iterall() if element.keyword == "DerivationDescription"]
        assert all("of different patients" in text for text in derived)
        assert derived
        assert ds.PatientID.startswith("COCONET-")
        assert (ds.PatientBirthDate, ds.PatientSex, ds.AccessionNumber) == ("", "", "")
        assert ds.StudyInstanceUID != source.StudyInstanceUID
        assert ds.FrameOfReferenceUID != source.FrameOfReferenceUID
        assert "PatientWeight" not in ds


def test_asked_for_a_study_folder_of_two_patients_is_fused(tmp_path):
    _pair(tmp_path, pet={"PatientID": "P-2"})
    result = _fuse(tmp_path, different_patients=True)
    assert result.sidecar()["patients"]["verdict"].startswith("different")


def test_one_person_gives_no_warning_and_the_side_car_says_what_agreed(tmp_path):
    result = _fuse(*_pair(tmp_path))
    assert not [warning for warning in result.warnings if "patient" in warning or "person" in warning]
    assert result.sidecar()["patients"]["same"] == ["Patient ID", "birth date", "sex"]


UNKNOWN = {
    "missing": ({"PatientID": ""}, "Patient ID is missing or a placeholder in function"),
    "no attribute": ({"PatientID": None}, "Patient ID is missing or a placeholder in function"),
    "ANON": ({"PatientID": "ANON"}, "placeholder"),
    "0": ({"PatientID": "0000"}, "placeholder"),
    "de-identified": ({"PatientID": "x81", "PatientBirthDate": "", "PatientIdentityRemoved": "YES"}, "de-identified"),
    "birth date alone": ({"PatientBirthDate": ""}, "the birth date is known of one image only"),
    "sex other": ({"PatientSex": "F"}, "the sex is O (other, or not known) in one image and M or F in the other"),
    "birth date replaced": ({"PatientBirthDate": "19000101"}, "the birth date is known of one image only"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_said_and_not_refused(what, tmp_path):
    changed, words = UNKNOWN[what]
    result = _fuse(*_pair(tmp_path, pet=changed))
    assert any(words in warning for warning in result.warnings), result.warnings
    assert result.sidecar()["patients"]["unknown"]


def test_an_image_without_headers_beside_dicom_is_unknown(tmp_path):
    import SimpleITK as sitk

    mri, pet = _pair(tmp_path)
    sitk.WriteImage(read_series(pet, "function").image, tmp_path / "pet.nii.gz")
    result = _fuse(mri, tmp_path / "pet.nii.gz")
    assert any(w.startswith("pet.nii.gz: says nothing of its patient") for w in result.warnings)
    assert result.sidecar()["patients"]["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Phantom^Paul", "Smith^Paula", True),
        ("Phantom^Paul", "Phantom^Paula Maria", False),  # a name cut short, and a middle name
        ("Phantom^Paul", "Phantom^Peter", True),
        ("MÜLLER^Jörg^^Dr.", "mueller, joerg", False),
        ("Jörg Müller", "Muller^Jorg", False),
        ("Yamada^Tarou=山田^太郎", "YAMADA^TAROU", False),
        ("van der Berg^A", "Berg^Anna", False),
        ("Doe^John", "Doe^Jane", True),
        ("Doe^John", "ANON^12", False),
        ("Doe^John", "", False),
        ("X1234", "Subject 7", False),
    ],
)
def test_another_name_is_reported_and_not_refused(one, other, differ, tmp_path):
    for first, second in ((one, other), (other, one)):
        found = compare(_person(PatientID="1", PatientName=first), _person(PatientID="1", PatientName=second))
        assert not found.different
        assert any("Patient's Name differs" in note for note in found.notes) == differ


def test_a_pair_under_two_names_is_fused_with_a_warning_that_prints_neither(tmp_path):
    result = _fuse(*_pair(tmp_path, pet={"PatientName": "Smith^Mary"}))
    (reported,) = [warning for warning in result.warnings if "Name" in warning]
    assert reported.startswith("patients of anatomy and function: Patient's Name differs: one person under two names")
    assert not {"smith", "phantom"} & set(reported.lower().split())
    assert result.sidecar()["patients"]["verdict"] == "same"


SOUTH = {"IssuerOfPatientIDQualifiersSequence": [_item(UniversalEntityID="1.2.3", UniversalEntityIDType="ISO")]}


NORTH = {"IssuerOfPatientIDQualifiersSequence": [_item(UniversalEntityID="1.2.4", UniversalEntityIDType="ISO")]}


BORN = {"PatientBirthDate": "19700101"}


COMPARED = [
    ({"PatientID": "P1"}, {"PatientID": "P1 "}, "same"),
    ({"PatientID": "P1"}, {"PatientID": "P2"}, "different"),
    ({"PatientID": "007"} | BORN, {"PatientID": "7"} | BORN, "same"),
    ({"PatientID": "007"}, {"PatientID": "7"}, "different"),  # nothing else confirms it
    ({"PatientID": "ab 1"} | BORN, {"PatientID": "AB1"} | BORN, "same"),
    ({"PatientID": "1"} | SOUTH, {"PatientID": "1"} | SOUTH, "same"),
    ({"PatientID": "1"} | SOUTH, {"PatientID": "1"} | NORTH, "different"),
    ({"PatientID": "1"} | SOUTH, {"PatientID": "1"}, "same"),
    ({"PatientID": "1", "IssuerOfPatientID": "A"}, {"PatientID": "1", "IssuerOfPatientID": "B"}, "different"),
    (
        {"PatientID": "1", "OtherPatientIDsSequence": [_item(PatientID="N-9", IssuerOfPatientID="NORTH")]},
        {"PatientID": "N-9"},
        "same",
    ),
    ({"PatientID": "Anonymous"}, {"PatientID": "Anonymous"}, "unknown"),
    ({"PatientID": "a1", "PatientIdentityRemoved": "YES"}, {"PatientID": "P1"}, "unknown"),
    (
        {"PatientID": "STS_003", "PatientIdentityRemoved": "YES"},
        {"PatientID": "STS_004", "PatientIdentityRemoved": "YES"},
        "different",
    ),
    ({"PatientID": "P1", "PatientSex": "M"}, {"PatientID": "P1", "PatientSex": ""}, "same"),
]


@pytest.mark.parametrize(("one", "other", "verdict"), COMPARED)
def test_patient_ids_are_compared_as_people_write_them(one, other, verdict):
    for first, second in ((one, other), (other, one)):
        assert "Patient ID" in getattr(compare(_person(**first), _person(**second)), verdict)
