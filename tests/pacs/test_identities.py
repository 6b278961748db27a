"""Texts that were met in headers are kept out of messages."""

from __future__ import annotations

from pydicom import Dataset

from coconet_med.pacs.identities import Identities


def _header() -> Dataset:
    ds = Dataset()
    ds.PatientID, ds.PatientBirthDate = "A-17", "19700102"
    ds.Modality, ds.SeriesDescription = "MR", "T1 for Dr. Roe"
    return ds


def test_texts_are_taken_out_whatever_their_case_and_words_that_hold_them_stay() -> None:
    met = Identities()
    met.learn([_header()])
    said = met.redact("a-17, born 19700102: t1 FOR Dr. Roe; MR of A-171 failed")
    assert said == "[…], born […]: […]; MR of A-171 failed"


def test_another_study_begins_anew() -> None:
    met = Identities()
    met.learn([_header()])
    met.forget()
    assert met.redact("A-17") == "A-17"


def test_a_name_is_taken_out_whole_and_in_its_parts() -> None:
    met, ds = Identities(), _header()
    ds.PatientName, ds.OtherPatientNames = "Doe^Jane", ["Roe^Ann", "Poe^Ida"]
    met.learn([ds])
    assert met.redact("Doe^Jane; JANE doe, Roe and Ida") == "[…]; […] […], […] and […]"
