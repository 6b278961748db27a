#!/usr/bin/env bash
# One would guess: packages that read a PET as SUV agree on a plain one: Bq/ml, one tracer, injection an hour before, weight and dose in
#   the header, Decay Correction START, and Series Time equal to the first Acquisition Time.
# What happens (truth: SUV 2): pycerr 2.5.1, z-rad 26.9.0 and mirp 2.7.0 give 2.00, also with ADMIN and NONE. autods-pet 0.1.0 gives 1.37: it takes
#   START for "corrected to the injection" (right for ADMIN). med-imagetools 2.16.0, asked for SUV, gives 7,238, the Bq/ml as they
#   are, unless the header has Philips' private factor; its log says that SUV is calculated from the header. It also takes the absolute
#   value, so that the -724 Bq/ml of a voxel without uptake become +724.
# For an MRI with a PET: windows in SUV of two packages do not mean the same, and air is as bright as the noise is wide. Check one region
#   by hand: Bq/ml x weight in g / (dose x 2^(-hours x 3600 / half-life)).
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
for name in one two; do
    python3 -m venv $name
done
one/bin/pip install -q --no-compile --disable-pip-version-check 'pycerr==2.5.1' 'mirp==2.7.0' 'pydicom==3.0.2' 'SimpleITK==2.5.7' 'numpy==2.4.6'
one/bin/pip install -q --no-compile --no-deps --disable-pip-version-check 'autods-pet==0.1.0'
two/bin/pip install -q --no-compile --disable-pip-version-check 'med-imagetools==2.16.0' 'z-rad==26.9.0'
cat >make.py <<'PY'
import math, os
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

dose, weight, half_life, frame = 370e6, 70.0, 6586.2, 180.0
rate = math.log(2) / half_life
mean_count = math.log(rate * frame / (1 - math.exp(-rate * frame))) / rate
during = rate * frame / (1 - math.exp(-rate * frame))
left = {"START": math.exp(-rate * 3600), "ADMIN": 1.0, "NONE": math.exp(-rate * 3600) / during}
for correction, share in left.items():
    os.makedirs(correction)
    study, series, world = generate_uid(), generate_uid(), generate_uid()
    for k in range(8):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
        meta.MediaStorageSOPInstanceUID = generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, world
        d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "Phantom", k + 1
        d.PatientSex, d.PatientSize, d.PatientWeight, d.PatientAge = "M", 1.75, weight, "050Y"
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = "20260301"
        d.StudyTime, d.SeriesTime, d.AcquisitionTime, d.ContentTime = "095000", "110000", "110000", "110000"
        d.Manufacturer, d.DecayCorrection, d.PatientPosition = "Generated", correction, "HFS"
        d.CorrectedImage = ["ATTN", "SCAT"] + (["DECY"] if correction != "NONE" else [])
        d.SeriesType, d.NumberOfSlices, d.ImageIndex, d.SeriesNumber = ["STATIC", "IMAGE"], 8, k + 1, 1
        d.ActualFrameDuration, d.FrameReferenceTime = int(frame * 1000), round(mean_count * 1000, 1)
        d.DecayFactor = round(during, 6) if correction == "START" else 1
        d.ImageType, d.CountsSource, d.SeriesDescription = ["ORIGINAL", "PRIMARY"], "EMISSION", "PET"
        tracer = Dataset()
        tracer.Radiopharmaceutical, tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "FDG", dose, half_life
        tracer.RadiopharmaceuticalStartTime, tracer.RadiopharmaceuticalStartDateTime = "100000", "20260301100000"
        nuclide = Dataset()
        nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
        tracer.RadionuclideCodeSequence = [nuclide]
        d.RadiopharmaceuticalInformationSequence = [tracer]
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-64, -64, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.SliceLocation = [4, 4], 3, 3.0 * k
        values = np.zeros((32, 32))
        values[8:24, 8:24] = 2 * dose * share / (weight * 1000)
        values[2, 2] = -0.1 * values.max()
        d.RescaleIntercept, d.RescaleSlope, d.RescaleType = 0, round(values.max() / 32000, 6), "BQML"
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.PixelData = np.round(values / float(d.RescaleSlope)).astype("<i2").tobytes()
        d.save_as(f"{correction}/{k}.dcm", enforce_file_format=True)
PY
one/bin/python make.py
cat >one.py <<'PY'
import contextlib, io, logging, types
from pathlib import Path
logging.disable(50)
import SimpleITK as sitk
from autods_pet.imaging.dicom import extract_pet_tags
from autods_pet.imaging.normalization import compute_suvbw, effective_dose, parse_dicom_time, seconds_between
from datetime import date, datetime
from mirp import extract_images
with contextlib.redirect_stdout(io.StringIO()):
    import cerr.plan_container as plans

for correction in ("START", "ADMIN", "NONE"):
    folder = str(Path(correction).resolve())
    with contextlib.redirect_stdout(io.StringIO()):
        values = plans.loadDcmDir(folder).scan[0].getScanArray()
    print(correction, "pycerr", float(values.max()), float(values.min()))
    values = extract_images(image=folder)[0][0][0]["image"]
    print(correction, "mirp", float(values.max()), float(values.min()))
    tags = extract_pet_tags(f"{folder}/0.dcm")  # what its normalize_pet does with them
    began = [datetime.combine(date(2026, 3, 1), parse_dicom_time(tags[t])) for t in ("RadiopharmaceuticalStartTime", "AcquisitionTime")]
    taken = effective_dose(tags["RadionuclideTotalDose"], tags["RadionuclideHalfLife"], seconds_between(*began), tags["DecayCorrection"])
    series = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
    values = sitk.GetArrayFromImage(compute_suvbw(series, 70.0, taken))
    print(correction, "autods-pet", float(values.max()), float(values.min()))
PY
cat >two.py <<'PY'
import logging
from pathlib import Path
logging.disable(50)
import SimpleITK as sitk
from imgtools.coretypes.imagetypes.pet import PET, PETImageType
from zrad.image import Image

for correction in ("START", "ADMIN", "NONE"):
    folder = str(Path(correction).resolve())
    values = sitk.GetArrayFromImage(PET.from_dicom(folder, pet_image_type=PETImageType.SUV))
    print(correction, "med-imagetools", float(values.max()), float(values.min()))
    values = Image.from_dicom(folder, "PET").array
    print(correction, "z-rad", float(values.max()), float(values.min()))
PY
export OMP_NUM_THREADS=1
one/bin/python -W ignore one.py 2>errors >log || { tail -3 errors; exit 1; }
two/bin/python -W ignore two.py 2>errors >>log || { tail -3 errors; exit 1; }
sort log
one/bin/python - <<'PY'
seen = {(c, tool): (float(high), float(low)) for c, tool, high, low in (line.split() for line in open("log") if len(line.split()) == 4)}
for correction in ("START", "ADMIN", "NONE"):
    for tool in ("pycerr", "mirp", "z-rad"):
        assert abs(seen[correction, tool][0] - 2) < 0.002, f"{tool} changed"
    assert seen[correction, "med-imagetools"][0] > 7000 and seen[correction, "med-imagetools"][1] >= 0, "med-imagetools changed"
assert abs(seen["START", "autods-pet"][0] - 1.369) < 0.002 and abs(seen["ADMIN", "autods-pet"][0] - 2) < 0.002, "autods-pet changed"
PY
