"""Patient, study, names and flags of a DICOM result are those of the anatomy."""

from __future__ import annotations

import pydicom
import pytest
from dicom_phantom import FRAME_OF_REFERENCE, STUDY, classic, uid
from parts_cases import FORMS, parts_of

from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import write_dicom


@pytest.mark.parametrize("form", FORMS)
def test_patient_and_study_are_those_of_the_anatomy_and_the_series_is_new(study, tmp_path, form):
    ds = pydicom.dcmread(write_dicom(parts_of(study, form), tmp_path / "out", form=form)[0])
    assert (ds.PatientName, ds.PatientID, ds.AccessionNumber) == ("Phantom^Paul", "P-1", "A-77")
    assert (ds.StudyInstanceUID, ds.FrameOfReferenceUID) == (STUDY, FRAME_OF_REFERENCE)
    assert ds.SeriesInstanceUID.startswith("2.25.")
    assert ds.SeriesInstanceUID != uid("series", "T1 MPRAGE")
    assert ds.SeriesNumber == 1003
    assert ds.Modality == "MR"
    assert ds.SeriesDescription == "Fused MR+PT (AI, research)"


@pytest.mark.parametrize("form", FORMS)
def test_the_objects_say_that_they_are_for_research_and_what_they_were_made_of(study, tmp_path, form):
    ds = pydicom.dcmread(write_dicom(parts_of(study, form), tmp_path / "out", form=form)[0])
    assert "Research use only. Not for diagnosis" in ds.ImageComments
    text = ds if "DerivationDescription" in ds else ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    for part in ("coconet-med 0.1.0", "light", "ab" * 32, "Mattes", "[0.0, 7.5]", "SUVbw", "not for diagnosis"):
        assert part in text.DerivationDescription
    assert text.DerivationCodeSequence[0].CodeValue == "113085"
    purposes = [e.PurposeOfReferenceCodeSequence[0].CodeValue for e in ds.ContributingEquipmentSequence]
    assert purposes == ["109101", "109101", "109102"]
    assert ds.BurnedInAnnotation == "NO"


def test_deidentification_trial_and_lossy_flags_are_kept(tmp_path):
    def flags(ds, k):
        ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "by hand"
        ds.ClinicalTrialProtocolID, ds.ClinicalTrialTimePointID = "TRIAL-1", "T0"
        ds.PatientAge = "050Y"
        if k == 3:
            ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", "12"
            ds.LossyImageCompressionMethod = "ISO_10918_1"

    classic(tmp_path / "mr", edit=flags)
    classic(tmp_path / "pt", "PT", series="PET AC")
    for path in (tmp_path / "mr").iterdir():  # not a valid age: left out rather than copied
        path.write_bytes(path.read_bytes().replace(b"050Y", b"xx0Y"))
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    ds = pydicom.dcmread(write_dicom(parts_of(sources), tmp_path / "out")[0])
    assert (ds.PatientIdentityRemoved, ds.DeidentificationMethod) == ("YES", "by hand")
    assert (ds.ClinicalTrialProtocolID, ds.ClinicalTrialTimePointID) == ("TRIAL-1", "T0")
    assert (ds.LossyImageCompression, float(ds.LossyImageCompressionRatio)) == ("01", 12)
    assert "PatientAge" not in ds


def test_names_in_other_scripts_survive(tmp_path):
    def name(ds, k):
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName = "Yamada^Tarou=山田^太郎"

    classic(tmp_path / "mr", edit=name)
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    ds = pydicom.dcmread(write_dicom(parts_of(sources), tmp_path / "out")[0])
    assert str(ds.PatientName) == "Yamada^Tarou=山田^太郎"


def test_a_series_without_frame_of_reference_gets_one_that_nothing_else_shares(tmp_path):
    classic(tmp_path / "mr", edit=lambda ds, k: delattr(ds, "FrameOfReferenceUID"))
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    found = {pydicom.dcmread(f).FrameOfReferenceUID for f in write_dicom(parts_of(sources), tmp_path / "out")}
    assert len(found) == 1
    assert found.pop().startswith("2.25.")
