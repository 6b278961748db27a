"""Small DICOM series made on the spot: the true stored values and places are known, every attribute can be edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CLASSES = {
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "NM": "1.2.840.10008.5.1.4.1.1.20",
    "EMR": "1.2.840.10008.5.1.4.1.1.4.1",
    "EPT": "1.2.840.10008.5.1.4.1.1.130",
}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
#: Rotation about two axes, so that no row or column is along an axis of the patient.
OBLIQUE = (0.96, 0.28, 0.0, -0.224, 0.768, 0.6)
STUDY = "1.2.3.4.5"
FRAME_OF_REFERENCE = "1.2.3.4.6"

Edit = Callable[[Dataset, int], None]


def stored_values(slices: int = 6, rows: int = 10, columns: int = 12, *, low: int = 0, high: int = 4000, seed: int = 0):
    """Random whole numbers, (k, j, i)."""
    return np.random.default_rng(seed).integers(low, high, (slices, rows, columns))


def uid(*parts: object) -> str:
    """The same UID for the same parts."""
    return generate_uid(entropy_srcs=[str(p) for p in parts])


def places(slices: int, orientation: Sequence[float], origin: Sequence[float], step: float) -> np.ndarray:
    """Positions of slices along rows x columns."""
    normal = np.cross(orientation[:3], orientation[3:])
    return np.array(origin) + np.arange(slices)[:, None] * step * normal


def header(modality: str, series: str) -> Dataset:
    """Patient, study and series of the phantom; image attributes of the modality."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    kind = {"EMR": "MR", "EPT": "PT"}.get(modality, modality)
    ds.SOPClassUID, ds.Modality = CLASSES[modality], kind
    ds.PatientName, ds.PatientID = "Phantom^Paul", "P-1"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientWeight = "19700101", "O", "70"
    ds.StudyInstanceUID, ds.StudyID, ds.StudyDate, ds.StudyTime = STUDY, "S1", "20240301", "090000"
    ds.AccessionNumber, ds.ReferringPhysicianName = "A-77", ""
    ds.SeriesInstanceUID = uid("series", series)
    ds.SeriesNumber, ds.SeriesDescription = 3, series
    ds.SeriesDate, ds.SeriesTime = "20240301", "110000"
    ds.AcquisitionDate, ds.AcquisitionTime = "20240301", "110000"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = FRAME_OF_REFERENCE, ""
    ds.BodyPartExamined, ds.PatientPosition, ds.Manufacturer = "BRAIN", "HFS", "PHANTOM"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    if kind == "MR":
        ds.MRAcquisitionType, ds.ScanningSequence, ds.SequenceVariant, ds.EchoTime = "3D", "GR", "SP", "3"
    if kind == "PT":
        ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["ATTN", "DECY", "SCAT"]
        ds.SeriesType, ds.ActualFrameDuration, ds.FrameReferenceTime = ["STATIC", "IMAGE"], "600000", "0"
        drug = Dataset()
        drug.RadiopharmaceuticalStartDateTime = "20240301101500"
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "200000000", "6586.2"
        ds.RadiopharmaceuticalInformationSequence = [drug]
    return ds


def set_pixels(ds: Dataset, values: np.ndarray, *, signed: bool = False, bits: int = 16) -> None:
    """Stored values of one or several frames, 16 bits allocated."""
    ds.Rows, ds.Columns = values.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, bits, bits - 1, int(signed)
    ds["PixelData"] = pydicom.DataElement("PixelData", "OW", values.astype("<i2" if signed else "<u2").tobytes())


def save(ds: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write with file meta information; the pixel data must already suit ``syntax``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    ds.save_as(path, enforce_file_format=True)
    return path


def classic(
    folder: Path,
    modality: str = "MR",
    *,
    series: str = "T1 MPRAGE",
    values: np.ndarray | None = None,
    orientation: Sequence[float] = AXIAL,
    origin: Sequence[float] = (-8.0, -9.5, 20.25),
    spacing: Sequence[float] = (1.5, 1.25),
    step: float = 2.0,
    positions: np.ndarray | None = None,
    slopes: Sequence[float] | None = None,
    signed: bool = False,
    edit: Edit = lambda ds, k: None,
    finish: Callable[[Dataset, Path], None] | None = None,
) -> np.ndarray:
    """A series of one file a slice; returns the stored values.  ``edit`` runs last, before saving."""
    values = stored_values() if values is None else values
    where = places(len(values), orientation, origin, step) if positions is None else positions
    for k, plane in enumerate(values):
        ds = header(modality, series)
        ds.SOPInstanceUID = uid("object", series, k)
        ds.InstanceNumber = k + 1
        ds.ImagePositionPatient = [f"{v:.9g}" for v in where[k]]
        ds.ImageOrientationPatient = [f"{v:.9g}" for v in orientation]
        ds.PixelSpacing = [f"{v:.9g}" for v in spacing]
        ds.SliceThickness = "9.75"  # never true: positions decide
        if slopes is not None or modality in ("PT", "CT"):
            ds.RescaleSlope = f"{(slopes[k] if slopes is not None else 1.0):.9g}"
            ds.RescaleIntercept = "-1024" if modality == "CT" else "0"
        set_pixels(ds, plane, signed=signed)
        edit(ds, k)
        path = folder / f"{(k * 7) % len(values):03d}_{k}.dcm"  # file order is not slice order
        if finish is None:
            save(ds, path)
        else:
            finish(ds, path)
    return values


def enhanced(
    folder: Path,
    modality: str = "EMR",
    *,
    slopes: Sequence[float] | None = None,
    durations: Sequence[float] = (1000.0,),
    edit: Edit | None = None,
) -> np.ndarray:
    """One multi-frame object whose places stand in the functional groups; returns the stored values.

    Every place is held once for each of ``durations`` (ms), one after the other in time.
    """
    values = stored_values(6 * len(durations))
    ds = header(modality, f"enhanced {modality}")
    ds.SOPInstanceUID, ds.InstanceNumber, ds.NumberOfFrames = uid("object", modality), 1, len(values)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    set_pixels(ds, values)
    shared = Dataset()
    shared.PixelMeasuresSequence = [_item(PixelSpacing=["1.5", "1.25"], SliceThickness="9.75")]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=list(OBLIQUE))]
    ds.SharedFunctionalGroupsSequence = [shared]
    where = places(6, OBLIQUE, (-8.0, -9.5, 20.25), 2.0)
    groups = []
    for k in range(len(values)):
        group = Dataset()
        group.PlanePositionSequence = [_item(ImagePositionPatient=[f"{v:.9g}" for v in where[k % 6]])]
        time = k // 6
        group.FrameContentSequence = [
            _item(
                StackID="1",
                InStackPositionNumber=k % 6 + 1,
                TemporalPositionIndex=time + 1,
                FrameAcquisitionDuration=durations[time],
            )
        ]
        if slopes is not None:
            kind = "US" if modality == "EMR" else "BQML"
            group.PixelValueTransformationSequence = [
                _item(RescaleSlope=f"{slopes[k]:.9g}", RescaleIntercept="3", RescaleType=kind)
            ]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    if edit:
        edit(ds, 0)
    save(ds, folder / "enhanced.dcm")
    return values


def spect(folder: Path, *, step: float = 4.0, edit: Edit | None = None) -> np.ndarray:
    """One reconstructed NM object; returns the stored values."""
    values = stored_values()
    ds = header("NM", "SPECT")
    ds.SOPInstanceUID, ds.InstanceNumber, ds.NumberOfFrames = uid("object", "NM"), 1, len(values)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.PixelSpacing, ds.SpacingBetweenSlices, ds.SliceThickness = ["4.4", "4.2"], f"{step:g}", "9.75"
    ds.SliceVector = list(range(1, len(values) + 1))
    ds.DetectorInformationSequence = [
        _item(ImagePositionPatient=["-80", "-90", "30"], ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])
    ]
    ds.Units = "CNTS"
    set_pixels(ds, values)
    if edit:
        edit(ds, 0)
    save(ds, folder / "spect.dcm")
    return values


def _item(**attributes: object) -> Dataset:
    ds = Dataset()
    for keyword, found in attributes.items():
        setattr(ds, keyword, found)
    return ds
