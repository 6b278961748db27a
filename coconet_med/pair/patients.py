"""Are the two images of one person?  DICOM headers decide; the names of BIDS files can only raise a warning."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.dicom.record import DicomRecord
from coconet_med.errors import PairError

if TYPE_CHECKING:
    from coconet_med.dicom.identity import Person
    from coconet_med.source import Source

#: What the side-car, the warning and the derivation of a DICOM result say of a pair of two patients.
DIFFERENT = "anatomy and function are of different patients"


def check_patients(anatomy: Source, function: Source, *, accepted: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is known of the patients, for the side-car, and warnings.

    Args:
        anatomy: as read.
        function: as read.
        accepted: two patients are meant (``--different-patients``).

    Raises:
        PairError: Patient ID with its issuer, birth date or sex differ, and ``accepted`` is false.
    """
    warnings = other_subjects(anatomy, function, "function")
    described = [people(source) for source in (anatomy, function)]
    if not all(described):
        if not any(described):
            return {"verdict": "unknown", "reason": "neither image says whose it is"}, warnings
        silent = (anatomy if not described[0] else function).name
        note = f"{silent}: says nothing of its patient, so no header confirms that both images are of one person"
        return {"verdict": "unknown", "reason": "one image says nothing of its patient"}, (*warnings, note)
    from coconet_med.dicom.identity import ATTRIBUTES, compare, differences, in_words

    first, second = described
    different = differences(first, second)
    compared = [compare(one, other) for one in first for other in second]
    record: dict[str, Any] = {"verdict": "same"}
    for name in ("same", "different", "unknown"):
        found = {attribute for one in compared for attribute in getattr(one, name)}
        record[name] = [attribute for attribute in ATTRIBUTES if attribute in found]
    notes = list(dict.fromkeys(note for one in compared for note in one.notes))
    if different:
        if not accepted:
            raise PairError(_refusal(anatomy, function, first, second, different))
        record["verdict"] = "different, as asked (--different-patients)"
        said = f"{DIFFERENT} ({in_words(different)}), as asked (--different-patients)"
        return record, (*warnings, said)
    if "Patient ID" in record["unknown"]:
        record["verdict"] = "unknown"
        why = notes if any("de-identified" in note for note in notes) else [_missing(first, second), *notes]
        agree = [f"{' and '.join(record['same'])} agree"] if record["same"] else []
        said = f"whether anatomy and function are of one person is not known: {'; '.join([*why, *agree])}"
        warnings = (*warnings, said)
    elif notes:
        warnings = (*warnings, f"patients of anatomy and function: {'; '.join(notes)}")
    return record, warnings


def check_headers(anatomy: Path, function: Path, *, accepted: bool = False) -> tuple[bool, tuple[str, ...]]:
    """The same check for one DICOM file of each image, for callers that have the voxels already (3D Slicer).

    Returns:
        Whether the patients differ (which was ``accepted`` then), and warnings.

    Raises:
        PairError: they differ, and ``accepted`` is false.
        ReadError: a file cannot be read.
    """
    import SimpleITK as sitk

    from coconet_med.dicom.scan import read_header
    from coconet_med.dicom.series import Series
    from coconet_med.source import Source

    sources = []
    for path in (anatomy, function):
        instance = read_header(path)
        record = DicomRecord(Series("", (instance,)), ()) if instance is not None else None
        name = (record.series.description if record else "") or path.name
        sources.append(Source(sitk.Image(1, 1, 1, sitk.sitkFloat32), name, dicom=record))
    _, warnings = check_patients(*sources, accepted=accepted)
    return are_different(*sources), warnings


def are_different(anatomy: Source, function: Source) -> bool:
    """Whether the headers of two images name two patients."""
    described = [people(source) for source in (anatomy, function)]
    if not all(described):
        return False
    from coconet_med.dicom.identity import differences

    return bool(differences(*described))


def people(source: Source) -> list[Person]:
    """How the headers of a source describe its patient; empty for a source without DICOM headers."""
    if not isinstance(source.dicom, DicomRecord):
        return []
    from coconet_med.dicom import headers
    from coconet_med.dicom.identity import people_of

    with headers.quiet():
        return people_of(instance.header for instance in source.dicom.series.instances)


def bids_subject(path: Path) -> str:
    """The BIDS subject that a path names: in the file name, else in the nearest folder; ``""`` where it names none.

    Example:
        >>> bids_subject(Path("ds/sub-01/anat/sub-02_T1w.nii.gz")), bids_subject(Path("ds/sub-03/pet.nii.gz"))
        ('02', '03')
    """
    for part in reversed(path.parts):
        if match := re.match(r"sub-([a-zA-Z0-9]+)(?=[_.]|$)", part):
            return match.group(1)
    return ""


def other_subjects(anatomy: Source, other: Source, role: str) -> tuple[str, ...]:
    """A warning where the paths of two images name two BIDS subjects; ``role`` is what the second is called."""
    subjects = [{bids_subject(path) for path in source.files} - {""} for source in (anatomy, other)]
    if not all(subjects) or subjects[0] & subjects[1]:
        return ()
    first, second = (", ".join(f"sub-{label}" for label in sorted(labels)) for labels in subjects)
    return (f"the files are of two BIDS subjects: {first} (anatomy) and {second} ({role})",)


def _refusal(
    anatomy: Source, function: Source, first: list[Person], second: list[Person], different: tuple[str, ...]
) -> str:
    from coconet_med.dicom.identity import in_words

    ids = "" if "Patient ID" not in different else f" ({first[0].name}; {second[0].name})"
    return (
        f"anatomy '{anatomy.name}' and function '{function.name}' are of different patients: "
        f"{in_words(different)}{ids}; give images of one person, or fuse them all the same with "
        "--different-patients (different_patients=True)"
    )


def _missing(first: list[Person], second: list[Person]) -> str:
    where = [name for name, people in (("anatomy", first), ("function", second)) if not all(p.id for p in people)]
    return f"Patient ID is missing or a placeholder in {' and '.join(where) or 'some files'}"
