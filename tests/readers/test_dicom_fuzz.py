"""Mutated headers and truncated files end in an image in the right place or in one clear error: nothing else."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import OBLIQUE, classic, enhanced, spect, stored_values
from encoders import ENCODERS

from coconet_med.errors import FusionError
from coconet_med.readers.dicom import read_series
from coconet_med.source import Source
from coconet_med.writers.dicom import FusedParts, write_dicom

SLICES, CASES_PER_SEED = 5, 25
ORIGIN, STEP = (-8.0, -9.5, 20.25), 2.0
TEXTS = (b"", b"nan", b"1e400", b"-1", b"0", b"65535", b"\xff\xfe\x00", b"1\\2", b"99999999999", b"../../x", b"MR\\PT")


def _encoded(kind, modality="MR"):
    def make(folder):
        classic(
            folder,
            modality,
            values=stored_values(SLICES, 8, 9),
            orientation=OBLIQUE,
            origin=ORIGIN,
            step=STEP,
            finish=ENCODERS[kind],
        )

    return make


BASES = {
    "MR": _encoded("implicit"),
    "PT": _encoded("deflate", "PT"),
    "CT big endian": _encoded("big endian", "CT"),
    "RLE": _encoded("RLE"),
    "JPEG-LS": _encoded("JPEG-LS"),
    "JPEG 2000": _encoded("JPEG 2000"),
    "JPEG lossless": _encoded("JPEG lossless"),
    "enhanced PT": lambda folder: enhanced(folder, "EPT", slopes=np.linspace(1, 2, 6)),
    "SPECT": spect,
}


#: Real series, read where the shared data are present.
REAL = ("sts_003/PET", "sts_003/MR_T1", "mr_rle", "mr_jpeg2000", "mr_enhanced_multiframe", "synthetic_brain/NM")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "dicom"


@dataclass(frozen=True)
class Original:
    """The bytes of the files of a sound series, and the image that they make."""

    files: tuple[bytes, ...]
    image: sitk.Image

    @classmethod
    def of(cls, folder: Path, limit: int | None = None) -> Original:
        paths = sorted(path for path in folder.iterdir() if path.is_file())[:limit]
        return cls(tuple(path.read_bytes() for path in paths), read_series(folder, "function").image)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """One sound series of each kind."""
    found = {}
    for name, make in BASES.items():
        folder = tmp_path_factory.mktemp("base")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom dislikes writing big endian
            make(folder)
        found[name] = Original.of(folder)
    return found


@pytest.fixture(scope="module")
def real_originals():
    if not DATA.is_dir():
        pytest.skip("../shared/data/dicom is not here")
    return {name: Original.of(DATA / name, limit=6) for name in REAL}


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One file, damaged once: cut, bytes changed, an element's value replaced, or a known number made absurd."""
    kind = rng.integers(6)
    if kind == 0:
        return data[: rng.integers(len(data))]
    if kind == 1:  # a few bytes anywhere
        damaged = bytearray(data)
        for _ in range(rng.integers(1, 8)):
            damaged[rng.integers(len(data))] = rng.integers(256)
        return bytes(damaged)
    if kind == 2:  # a piece lost or doubled
        first, second = sorted(rng.integers(132, len(data), 2))
        return data[:first] + (data[second:] if rng.random() < 0.5 else data[first:second] + data[first:])
    return _edited(data, rng)


def _edited(data: bytes, rng: np.random.Generator) -> bytes:
    """The value of a random element, also within sequences, replaced by nonsense or by a changed digit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # real headers hold values that pydicom dislikes
        ds = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
        elements = [e for e in ds.iterall() if e.VR not in ("SQ", "OB", "OW") and e.value not in (None, "")]
    element = elements[rng.integers(len(elements))]
    raw = str(element.value).strip("[]").replace(", ", "\\").replace("'", "").encode()
    at = data.find(raw[:64]) if raw else -1
    if at < 0:
        return data[: rng.integers(len(data))]
    if rng.random() < 0.5:
        new = bytearray(raw)
        new[rng.integers(len(raw))] = rng.integers(48, 58)
    else:
        new = TEXTS[rng.integers(len(TEXTS))].ljust(len(raw), b" ")[: len(raw)]
    return data[:at] + bytes(new) + data[at + len(raw) :]


def _check_place(image: sitk.Image, truth: sitk.Image) -> None:
    """Every slice of the result lies on a slice of the sound series, with its axes and pixel spacing."""
    np.testing.assert_allclose(image.GetDirection(), truth.GetDirection(), atol=2e-3)
    np.testing.assert_allclose(image.GetSpacing()[:2], truth.GetSpacing()[:2], atol=2e-3)
    slices = [truth.TransformIndexToPhysicalPoint((0, 0, k)) for k in range(truth.GetSize()[2])]
    for k in range(image.GetSize()[2]):
        here = np.array(image.TransformIndexToPhysicalPoint((0, 0, k)))
        assert np.linalg.norm(np.array(slices) - here, axis=1).min() < 0.15


def _check_written(source: Source, folder: Path) -> None:
    """Damaged headers are good enough to write, or the writer says why not."""
    shape = source.image.GetSize()[::-1]
    image = sitk.GetImageFromArray(np.zeros((*shape, 3), np.uint8), isVector=True)
    image.CopyInformation(source.image)
    with contextlib.suppress(FusionError):
        write_dicom(FusedParts(image, source, source), folder)
        assert len(list(folder.iterdir())) == shape[0]


def _run(seed: int, originals: dict[str, Original], folder: Path) -> None:
    rng = np.random.default_rng(seed)
    for case in range(CASES_PER_SEED):
        name = list(originals)[rng.integers(len(originals))]
        files = list(originals[name].files)
        victim = rng.integers(len(files))
        files[victim] = _mutated(files[victim], rng)
        study = folder / f"case{case}"
        study.mkdir()
        for number, data in enumerate(files):
            (study / f"{number}.dcm").write_bytes(data)
        before = time.process_time()  # not the clock: a busy machine is no fault of the reader
        message, source = "", None
        try:
            source = read_series(study, "anatomy" if rng.random() < 0.5 else "function")
        except FusionError as error:
            message = str(error)
        assert message.isprintable(), (name, case, message)
        if source is not None:
            values = sitk.GetArrayViewFromImage(source.image)
            assert np.isfinite(values).all(), (name, case)
            if len(files) > 1:  # one damaged file of several must not move the others
                _check_place(source.image, originals[name].image)
                reported = source.warnings or source.details["choice"]["passed_over"]
                assert values.shape[0] == len(files) or reported, (name, case)
            if case % 8 == 0:
                _check_written(source, study / "out")
        assert time.process_time() - before < 10, (name, case)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_input_ends_in_the_right_place_or_in_one_clear_error(seed, originals, tmp_path):
    _run(seed, originals, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 190))
def test_two_thousand_damaged_inputs_end_well(seed, originals, tmp_path):
    _run(seed, originals, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 320))
def test_damaged_real_files_end_well(seed, real_originals, tmp_path):
    _run(seed, real_originals, tmp_path)


#: What one slice may be that the others are not; ``None`` takes the attribute away.
OTHERWISE = {
    "ImageType": (["ORIGINAL", "PRIMARY", "P"], ["DERIVED", "SECONDARY", "MIP"], ["ORIGINAL", "PRIMARY", "LOCALIZER"]),
    "EchoTime": ("90", "0.1", None),
    "InversionTime": ("700",),
    "FlipAngle": ("26",),
    "DiffusionBValue": (1000.0,),
    "ScanningSequence": ("SE",),
    "ContrastBolusAgent": ("GD",),
    "CorrectedImage": (["DECY"], ["NORM"], None),
    "DecayCorrection": ("NONE", "ADMIN", None),
    "Units": ("CNTS", "GML", None),
    "SeriesType": (["GATED", "IMAGE"],),
    "ReconstructionMethod": ("FBP",),
    "ConvolutionKernel": ("B70f",),
    "KVP": ("80",),
    "PhotometricInterpretation": ("MONOCHROME1",),
    "PatientPosition": ("FFS",),
    "RescaleSlope": ("-1", None),
    "PatientID": ("P-2", "", None),
    "PatientBirthDate": ("19800202", ""),
    "PatientSex": ("F", ""),
    "IssuerOfPatientID": ("NORTH",),
    "PatientIdentityRemoved": ("YES",),
    "SeriesInstanceUID": ("1.2.3.99",),
    "StudyInstanceUID": ("1.2.3.98",),
    "FrameOfReferenceUID": ("1.2.3.97",),
}
#: Attributes that this kind of image has or could have.
_ONLY = {
    "PT": ("CorrectedImage", "DecayCorrection", "Units", "SeriesType", "ReconstructionMethod"),
    "MR": ("EchoTime", "InversionTime", "FlipAngle", "DiffusionBValue", "ScanningSequence", "ContrastBolusAgent"),
    "CT": ("ConvolutionKernel", "KVP"),
}


def _otherwise(rng: np.random.Generator, modality: str) -> tuple[str, object]:
    foreign = {keyword for kind, keywords in _ONLY.items() if kind != modality for keyword in keywords}
    if modality == "MR":
        foreign |= {"RescaleSlope"}  # the phantom's MR has none
    keyword = rng.choice(sorted(OTHERWISE.keys() - foreign))
    choices = OTHERWISE[keyword]
    return keyword, choices[rng.integers(len(choices))]


@pytest.mark.parametrize("seed", range(60))
def test_one_slice_that_is_something_else_is_refused_or_reported(seed, tmp_path):
    rng = np.random.default_rng(seed)
    modality = str(rng.choice(["MR", "PT", "CT"]))
    keyword, value = _otherwise(rng, modality)
    victim = int(rng.integers(SLICES))

    def edit(ds, k):
        if k == victim and value is None:
            ds.pop(keyword, None)
        elif k == victim:
            setattr(ds, keyword, value)

    classic(tmp_path, modality, values=stored_values(SLICES, 8, 9), edit=edit)
    reported: tuple[str, ...] = ()
    try:
        reported = read_series(tmp_path, "anatomy" if modality == "MR" else "function", suv="never").warnings
    except FusionError as error:
        reported = (str(error),)
    assert reported, (modality, keyword, value, victim)
    assert all(text.isprintable() for text in reported)


#: Functional groups of one frame: sequence, attribute, value.
FRAME_OTHERWISE = (
    ("MREchoSequence", "EffectiveEchoTime", 90.0),
    ("MRDiffusionSequence", "DiffusionBValue", 1000.0),
    ("MRImageFrameTypeSequence", "FrameType", ["ORIGINAL", "PRIMARY", "P", "NONE"]),
    ("MRImageFrameTypeSequence", "ComplexImageComponent", "PHASE"),
    ("MRModifierSequence", "InversionTimes", 700.0),
    ("MRTimingAndRelatedParametersSequence", "FlipAngle", 26.0),
    ("PixelValueTransformationSequence", "RescaleSlope", "-1"),
)


@pytest.mark.parametrize("victim", [0, 3, 5])
@pytest.mark.parametrize("group", FRAME_OTHERWISE, ids=lambda group: group[1])
def test_one_frame_that_is_something_else_is_refused(group, victim, tmp_path):
    sequence, keyword, value = group

    def edit(ds, _):
        item = pydicom.Dataset()
        if sequence == "PixelValueTransformationSequence":
            item.RescaleIntercept, item.RescaleType = "0", "US"
        setattr(item, keyword, value)
        setattr(ds.PerFrameFunctionalGroupsSequence[victim], sequence, [item])

    enhanced(tmp_path, slopes=np.ones(6), edit=edit)
    with pytest.raises(FusionError):
        read_series(tmp_path, "anatomy")
