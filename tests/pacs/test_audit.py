"""The audit log names no patient."""

from __future__ import annotations

from dicom_phantom import uid


def test_the_audit_log_names_no_patient(bench, arrive):
    study = arrive(T1_MPRAGE="MR", PET_Phantom_AC="PT", PET_AC_of_paul="PT")
    bench.look()
    text = (bench.folder / "audit.jsonl").read_text(encoding="utf-8") + (bench.folder / "state.json").read_text(
        encoding="utf-8"
    )
    assert "several PT or NM series fit" in text
    assert uid("series", study, "PET_AC_of_paul") in text  # still clear which they are
    for private in ("phantom", "paul", "P-1", "A-77", "19700101"):
        assert private.lower() not in text.lower()
