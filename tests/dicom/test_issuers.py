"""An issuer that stands behind the Patient ID is its issuer."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from coconet_med.dicom.identity import compare, person_of


def _person(**attributes):
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return person_of(ds)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ({"PatientID": "123"}, {"PatientID": "123^^^HOSPITAL&1.2.3&ISO"}, "same"),
        ({"PatientID": "123", "IssuerOfPatientID": "Hospital"}, {"PatientID": "123^^^HOSPITAL"}, "same"),
        ({"PatientID": "123", "IssuerOfPatientID": "NORTH"}, {"PatientID": "123^^^HOSPITAL"}, "different"),
        ({"PatientID": "123^^^&1.2.3&ISO"}, {"PatientID": "123^^^HOSPITAL&1.2.4&ISO"}, "different"),
        ({"PatientID": "124"}, {"PatientID": "123^^^HOSPITAL"}, "different"),
        ({"PatientID": "ANON^^^HOSPITAL"}, {"PatientID": "123"}, "unknown"),
    ],
)
def test_an_issuer_behind_the_patient_id_is_its_issuer(one, other, verdict):
    """HL7's data type CX, as archives copy it (dcm4chee-arc-light issues 174 and 948)."""
    assert "Patient ID" in getattr(compare(_person(**one), _person(**other)), verdict)
