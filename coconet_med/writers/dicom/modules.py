"""Modules that all three forms share (PS3.3 C.7): whose image, of which study, in which frame of reference, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.series import OWN_MANUFACTURER
from coconet_med.writers.dicom.parts import RESEARCH_ONLY, FusedParts

if TYPE_CHECKING:
    from pydicom import Dataset

#: Attributes that must be present, empty where unknown (type 2).
REQUIRED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
#: Attributes copied where the anatomy has them with a valid value: patient, study, trial, de-identification.
OPTIONAL = (
    *("IssuerOfPatientID", "TypeOfPatientID", "PatientBirthTime", "OtherPatientIDsSequence", "QualityControlSubject"),
    *("PatientSpeciesDescription", "PatientSpeciesCodeSequence", "PatientBreedDescription", "ResponsiblePerson"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "LongitudinalTemporalInformationModified"),
    *("StudyDescription", "PhysiciansOfRecord", "IssuerOfAccessionNumberSequence", "ProcedureCodeSequence"),
    *("PatientAge", "PatientSize", "PatientWeight", "AdmissionID", "IssuerOfAdmissionIDSequence"),
)


def common(parts: FusedParts, *, form: str, sop_class: str, instance: int) -> Dataset:
    """A new data set with the patient, study, series, frame of reference, equipment and SOP common modules."""
    from pydicom import Dataset

    ds = Dataset()
    source = parts.record.header
    if parts.of_nobody:
        _neutral_patient(ds, parts)
    else:
        for keyword in REQUIRED:
            setattr(ds, keyword, _copied(source, keyword))
        for keyword in OPTIONAL:
            if (found := _copied(source, keyword)) not in ("", None):
                setattr(ds, keyword, found)
        ds.StudyInstanceUID = headers.text(source, "StudyInstanceUID")
        ds.FrameOfReferenceUID = parts.anatomy.frame_of_reference or parts.uid("frame of reference")
    ds.PositionReferenceIndicator = _copied(source, "PositionReferenceIndicator")

    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = parts.uid("object", form, instance)
    _series(ds, source, parts, form)
    ds.InstanceNumber = instance
    ds.ContentDate, ds.ContentTime = _now(parts)
    for keyword in ("AcquisitionDate", "AcquisitionTime"):
        if found := _copied(source, keyword):
            setattr(ds, keyword, found)
    ds.AcquisitionNumber = 1
    ds.Manufacturer = OWN_MANUFACTURER
    ds.ManufacturerModelName = parts.software
    ds.SoftwareVersions = parts.version
    ds.ImageComments = RESEARCH_ONLY
    ds.BurnedInAnnotation = "YES" if parts.burned_in else "NO"
    ds.RecognizableVisualFeatures = "YES"
    _compression(ds, parts)
    return ds


def _neutral_patient(ds: Dataset, parts: FusedParts) -> None:
    """A study, patient and frame of reference of its own for a result made of two patients.

    The Patient ID is as unlikely to be met as a UID, so that no archive puts the result beside anybody's images.
    """
    for keyword in REQUIRED:
        setattr(ds, keyword, "")
    ds.PatientID = f"COCONET-{int(parts.uid('patient').rpartition('.')[2]):032X}"
    ds.PatientName = "Two Patients^Fused"
    ds.StudyInstanceUID = parts.uid("study")
    ds.StudyDate, ds.StudyTime = _now(parts)
    ds.StudyID = "FUSED"
    ds.StudyDescription = "Fusion of images of different patients (research)"
    ds.FrameOfReferenceUID = parts.uid("frame of reference")


def character_set(ds: Dataset) -> None:
    """State the character set of the finished data set: Latin-1 where ASCII is all there is, else UTF-8."""
    ds.SpecificCharacterSet = "ISO_IR 100" if _is_ascii(ds) else "ISO_IR 192"


def _series(ds: Dataset, source: Dataset, parts: FusedParts, form: str) -> None:
    number = headers.whole(source, "SeriesNumber") or 0
    ds.Modality = "CT" if parts.anatomy.modality == "CT" else "MR"
    ds.SeriesInstanceUID = parts.uid("series", form)
    ds.SeriesNumber = 1000 + (number if 0 <= number < 10**8 else 0)
    ds.SeriesDescription = f"Fused {parts.modalities} (AI, research)"
    ds.SeriesDate, ds.SeriesTime = _now(parts)
    body = _copied(source, "BodyPartExamined")
    if body:
        ds.BodyPartExamined = body
    if form != "enhanced" and body not in UNPAIRED:  # type 2C; an enhanced object says it in Frame Laterality
        side = _copied(source, "Laterality")
        ds.Laterality = side if side in ("R", "L") else ""
    position = _copied(source, "PatientPosition")
    ds.PatientPosition = position if position in _POSITIONS else ""


#: Body parts (PS3.16 annex L) that exist once, so that Laterality is not asked for.
UNPAIRED = ("BRAIN", "HEAD", "SKULL", "NECK", "HEADNECK", "CHEST", "ABDOMEN", "PELVIS", "WHOLEBODY")
_POSITIONS = {f"{way}{side}" for way in ("HF", "FF") for side in ("S", "P", "DR", "DL")}


def _now(parts: FusedParts) -> tuple[str, str]:
    return parts.created.strftime("%Y%m%d"), parts.created.strftime("%H%M%S")


def _copied(source: Dataset, keyword: str) -> object:
    """The value of an attribute if it is valid for its VR, else ``""``; names and IDs are kept as they are."""
    import copy

    from pydicom.config import RAISE
    from pydicom.multival import MultiValue
    from pydicom.valuerep import validate_value

    found = headers.value(source, keyword)
    if found is None:
        return ""
    element = source[keyword]
    if element.VR == "PN":
        return str(found) if not isinstance(found, MultiValue) else [str(v) for v in found]
    if keyword == "PatientID":
        return str(found)
    if element.VR == "SQ":
        return copy.deepcopy(found)
    try:
        many = list(found) if isinstance(found, MultiValue) else [found]
        for one in many:
            validate_value(element.VR, str(one), RAISE)
        return [str(one) for one in many] if len(many) > 1 else str(many[0])
    except Exception:  # pydicom raises several kinds of error on invalid values
        return ""


def _compression(ds: Dataset, parts: FusedParts) -> None:
    """Lossy Image Compression stays "01" once any source was lossy (PS3.3 C.7.6.1.1.5)."""
    lossy = parts.lossy_source
    ds.LossyImageCompression = "00" if lossy is None else "01"
    if lossy is not None:
        ds.LossyImageCompressionRatio = f"{headers.number(lossy, 'LossyImageCompressionRatio') or 1.0:g}"
        if method := headers.words(lossy, "LossyImageCompressionMethod"):
            ds.LossyImageCompressionMethod = method[0]


def _is_ascii(ds: Dataset) -> bool:
    for element in ds.iterall():
        if element.VR in ("LO", "SH", "PN", "ST", "LT", "UT", "UC") and not str(element.value).isascii():
            return False
    return True
