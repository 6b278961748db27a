"""Whose images: what headers say of the patient, and whether two of them can be one person.

Compared are Patient ID (0010,0020) with its issuer, Patient's Birth Date and Patient's Sex.  Patient's Name, which
people spell in many ways and change, and the sex O (other), which many systems write for unknown, only give a warning.
A value that is missing, a placeholder ("ANON", "0", born 1900-01-01), or replaced in one of the two headers only
(Patient Identity Removed) is unknown: it tells neither one person nor two.  Where both are de-identified their
pseudonyms are compared like any other IDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.person_name import known_name, names_differ
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.dicom.scan import Scan
    from coconet_med.dicom.series import Series

ATTRIBUTES = ("Patient ID", "birth date", "sex")

#: Patient IDs that name nobody, written without spaces and punctuation in lower case.
_PLACEHOLDER = re.compile(
    r"|0+|x+|9{4,}|anon(ym)?(i[sz]ed|ous|e)?(patient|subject|id)?|(patient)?(unknown|unnamed|anonymous|removed|hidden)"
    r"|deidentified|deid|redacted|confidential|private|dummy|none|na|null|nil|blank|empty|no(id|name|patientid)"
    r"|notavailable|patient(id|name)?|subject|default|test"
)
#: Birth dates that tools put in place of one that they removed.
NO_BIRTH = ("19000101", "18000101", "00010101", "19010101", "99991231")


@dataclass(frozen=True)
class Person:
    """What one header says of the patient; ``""`` where it says nothing that counts.

    Attributes:
        id: Patient ID as it is written.
        issuer: who gave the ID: Issuer of Patient ID (0010,0021).
        universal: the same as a worldwide name, from Issuer of Patient ID Qualifiers Sequence (0010,0024).
        birth: birth date, YYYYMMDD.
        sex: M, F or O.
        called: Patient's Name, as :func:`coconet_med.dicom.person_name.known_name` folds it.
        removed: Patient Identity Removed (0012,0062) is YES.
        others: further IDs of the person, from Other Patient IDs (0010,1000 and 0010,1002), with their issuers.
    """

    id: str = ""
    issuer: str = ""
    universal: str = ""
    birth: str = ""
    sex: str = ""
    called: str = ""
    removed: bool = False
    others: frozenset[tuple[str, str]] = frozenset()

    @property
    def name(self) -> str:
        """What messages call the person: the Patient ID and its issuer."""
        issuer = self.issuer or self.universal
        return f"Patient ID {self.id}" + (f" of {issuer}" if issuer else "") if self.id else "no Patient ID"


@dataclass(frozen=True)
class Comparison:
    """Two headers side by side.

    Attributes:
        same: attributes that agree.
        different: attributes that differ.
        unknown: attributes that cannot be compared.
        notes: what is odd about them, in words; without any of the values.
    """

    same: tuple[str, ...]
    different: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...] = ()


def person_of(ds: Dataset) -> Person:
    """What a header says of the patient."""
    number, authority, entity = _parts(headers.text(ds, "PatientID"))
    issuer, universal = _issuer(ds)
    issuer, universal = issuer or authority, universal or entity
    sex = headers.text(ds, "PatientSex").strip().upper()[:1]
    return Person(
        _known_id(number),
        issuer,
        universal,
        _birth(headers.text(ds, "PatientBirthDate")),
        sex if sex in ("M", "F", "O") else "",
        known_name(headers.printable(headers.value(ds, "PatientName") or "")),
        headers.text(ds, "PatientIdentityRemoved").strip().upper() == "YES",
        _others(ds),
    )


def _parts(stated: str) -> tuple[str, str, str]:
    """Patient ID, issuer and universal entity ID of ``123``, or of ``123^^^HOSPITAL&1.2.3&ISO`` as HL7 writes it (v2,
    data type CX), which some archives copy into Patient ID."""
    number, sign, authority = stated.partition("^^^")
    if not sign:
        return stated, "", ""
    issuer, _, rest = authority.partition("^")[0].partition("&")
    return number, issuer.strip(), rest.partition("&")[0].strip()


def people_of(data_sets: Iterable[Dataset]) -> list[Person]:
    """The different descriptions of patients in some headers, in the order in which they are met."""
    return list(dict.fromkeys(person_of(ds) for ds in data_sets))


@lru_cache(4096)
def compare(one: Person, other: Person) -> Comparison:
    """Which attributes agree, differ or cannot be compared."""
    if one.removed != other.removed:
        note = "one of the two headers is de-identified (Patient Identity Removed), the other is not"
        return Comparison((), (), ATTRIBUTES, (note,))
    found: dict[str, bool | None] = {
        "birth date": _equal(one.birth, other.birth),
        "sex": None if "O" in (one.sex, other.sex) and one.sex != other.sex else _equal(one.sex, other.sex),
    }
    found["Patient ID"], note = _same_id(one, other, certain=found["birth date"] is True and found["sex"] is not False)
    notes = [note] if note else []
    for name, values in (("birth date", (one.birth, other.birth)), ("sex", (one.sex, other.sex))):
        if any(values) and not all(values):
            notes.append(f"the {name} is known of one image only")
    if sorted((one.sex, other.sex)) in (["F", "O"], ["M", "O"]):
        notes.append("the sex is O (other, or not known) in one image and M or F in the other")
    if names_differ(one.called, other.called):
        notes.append(
            "Patient's Name differs: one person under two names, or two people; make sure whose images they are"
        )
    same, different, unknown = (
        tuple(name for name in ATTRIBUTES if found[name] is verdict) for verdict in (True, False, None)
    )
    return Comparison(same, different, unknown, tuple(notes))


def differences(one: Sequence[Person], other: Sequence[Person]) -> tuple[str, ...]:
    """Attributes in which any description of one patient differs from any of another."""
    found = {name for a in one for b in other for name in compare(a, b).different}
    return tuple(name for name in ATTRIBUTES if name in found)


def clusters(people: Iterable[Person]) -> list[list[Person]]:
    """Descriptions put together that can be one person's; more than one cluster means several patients."""
    groups: list[list[Person]] = []
    for person in people:
        mine = next((group for group in groups if not differences(group, [person])), None)
        if mine is None:
            groups.append([person])
        else:
            mine.append(person)
    return groups


def refuse_several_in_series(series: Series) -> tuple[str, ...]:
    """Refuse a series whose files are of several patients; what is odd short of that comes back as warnings.

    Raises:
        ReadError: it names the patients and their files.
    """
    from coconet_med.dicom.series import name_files

    by_person: dict[Person, list] = {}
    for instance in series.instances:
        by_person.setdefault(person_of(instance.header), []).append(instance.path)
    groups = clusters(by_person)
    if len(groups) > 1:
        files = [[path for person in group for path in by_person[person]] for group in groups]
        ordered = sorted(zip(groups, files, strict=True), key=lambda pair: -len(pair[1]))
        listed = "; ".join(f"{_called(group)}: {name_files(paths)}" for group, paths in ordered)
        differ = differences(groups[0], [person for group in groups[1:] for person in group])
        raise ReadError(
            f"series {series.describe()}: its files belong to {len(groups)} different patients "
            f"({in_words(differ)}): {listed}; give the files of one patient"
        )
    if len(by_person) > 1:
        return (
            f"the files of series {series.uid} describe the patient in {len(by_person)} ways "
            "(a value that is missing, or another name)",
        )
    return ()


def refuse_several_in_folder(scan: Scan, advice: str = "give the folder of one of them") -> None:
    """Refuse a folder with images of several patients, and list them.

    Raises:
        ReadError: several patients; each with its ID and its series.
    """
    from coconet_med.dicom.series import OWN_MANUFACTURER

    members: dict[Person, list[Series]] = {}
    for series in scan.series:
        if headers.text(series.header, "Manufacturer").strip() != OWN_MANUFACTURER:
            refuse_several_in_series(series)
            for person in people_of(instance.header for instance in series.instances):
                members.setdefault(person, []).append(series)
    groups = clusters(sorted(members, key=lambda person: (person.id, person.issuer, person.birth)))
    if len(groups) < 2:
        return
    listed = []
    for group in groups:
        own = {series.uid: series for person in group for series in members[person]}
        named = ", ".join(f"{one.modality} '{one.description or one.uid}'" for one in list(own.values())[:4])
        more = f" and {len(own) - 4} more" if len(own) > 4 else ""
        listed.append(f"{_called(group)}: {named}{more}")
    differ = differences(groups[0], [person for group in groups[1:] for person in group])
    raise ReadError(f"{scan.root}: several patients ({in_words(differ)}): {'; '.join(listed)}; {advice}")


def in_words(different: Sequence[str]) -> str:
    """What differs, as a sentence.

    Example:
        >>> in_words(["sex"]), in_words(["Patient ID", "birth date"])
        ('sex differs', 'Patient ID and birth date differ')
    """
    return f"{' and '.join(different)} differ{'s' if len(different) == 1 else ''}"


def _called(group: Sequence[Person]) -> str:
    names = list(dict.fromkeys(person.name for person in group if person.id)) or ["no Patient ID"]
    return " or ".join(names)


def _equal(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _same_id(one: Person, other: Person, *, certain: bool) -> tuple[bool | None, str]:
    """Whether two Patient IDs are one, and a remark; ``certain``: birth date agrees and sex does not differ."""
    if not (one.id and other.id):
        return None, ""
    for first, second in ((one.issuer, other.issuer), (one.universal, other.universal)):
        if first and second and first.casefold() != second.casefold():
            listed = (other.id, second) in one.others or (one.id, first) in other.others
            return listed, "the IDs have different issuers; one header lists the other's ID" if listed else ""
    if one.id == other.id:
        return True, ""
    if other.id in {known for known, _ in one.others} or one.id in {known for known, _ in other.others}:
        return True, "the Patient IDs differ, but one header lists the other's among Other Patient IDs"
    if _loose(one.id) == _loose(other.id) and certain:
        return True, "the Patient IDs differ in case, spaces or leading zeros only, and the birth date agrees"
    return False, ""


def _loose(text: str) -> str:
    return re.sub(r"[^\w]|_", "", text.casefold()).lstrip("0")


def _known_id(text: str) -> str:
    text = text.strip()
    return "" if _PLACEHOLDER.fullmatch(re.sub(r"[^\w]|_", "", text.casefold())) else text


def _birth(text: str) -> str:
    moment = headers.parse_datetime(text.strip(), "00")
    date = moment.strftime("%Y%m%d").zfill(8) if moment else ""
    return "" if date in NO_BIRTH else date


def _issuer(ds: Dataset) -> tuple[str, str]:
    """Issuer by its local and by its universal name."""
    universal = ""
    for item in headers.items(ds, "IssuerOfPatientIDQualifiersSequence"):
        universal = universal or headers.text(item, "UniversalEntityID").strip()
    return headers.text(ds, "IssuerOfPatientID").strip(), universal


def _others(ds: Dataset) -> frozenset[tuple[str, str]]:
    found = {(word.strip(), "") for word in headers.words(ds, "OtherPatientIDs")}
    for item in headers.items(ds, "OtherPatientIDsSequence"):
        issuer, universal = _issuer(item)
        found.add((headers.text(item, "PatientID").strip(), issuer or universal))
    return frozenset((known, issuer) for known, issuer in found if _known_id(known))
