#!/usr/bin/env bash
# One would guess: a tool that de-identifies DICOM either moves all times of a PET by the same amount, or blanks them; the time between
#   injection and scan, on which SUV hangs, stays, or is gone for all to see.
# What happens: dicognito 0.19.0 moves dates and times by whole hours, but of times only those that stand beside a date of the same name.
#   Radiopharmaceutical Start Time (0018,1072) has none and stays: injection and scan are 1 h apart before, and up to 24 h apart after, by
#   chance. With Start DateTime as well, both contradict each other. Of a PET of SUV 2 in F-18 five seeds gave mirp 2.7.0 an SUV of
#   2.00, 1.37, 2.92, 2.92 and 5,707. dicom-anonymizer 2.1.0 sets the scan to 00:00:00 of year 1 and keeps date and time of the injection.
# For an MRI with a PET: the SUV of a shared study are off by a factor that differs from patient to patient, and look usual where
#   the hours are few. Take Start DateTime where both are there; without it do not believe the SUV (De-identification Method: DICOGNITO).
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'dicognito==0.19.0' 'dicom-anonymizer==2.1.0' 'mirp==2.7.0' 'pydicom==3.0.2' 'numpy==2.4.6'
cat >make.py <<'PY'
import os, sys
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

both = sys.argv[1] == "both"
dose, weight, half_life = 370e6, 70.0, 6586.2
os.makedirs(sys.argv[1])
study, series, world = generate_uid(), generate_uid(), generate_uid()
for k in range(6):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, world
    d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "Phantom", k + 1
    d.PatientSex, d.PatientSize, d.PatientWeight, d.PatientAge, d.PatientBirthDate = "M", 1.75, weight, "050Y", "19760301"
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = "20260301"
    d.StudyTime, d.SeriesTime, d.AcquisitionTime, d.ContentTime = "115000", "130000", "130000", "130000"
    d.Manufacturer, d.DecayCorrection, d.CorrectedImage = "Generated", "START", ["ATTN", "SCAT", "DECY"]
    d.SeriesType, d.NumberOfSlices, d.ImageIndex, d.SeriesNumber = ["STATIC", "IMAGE"], 6, k + 1, 1
    d.ActualFrameDuration, d.FrameReferenceTime, d.DecayFactor = 180000, 0, 1
    d.ImageType, d.SeriesDescription, d.PatientPosition = ["ORIGINAL", "PRIMARY"], "PET", "HFS"
    tracer = Dataset()
    tracer.Radiopharmaceutical, tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "FDG", dose, half_life
    tracer.RadiopharmaceuticalStartTime = "120000"
    if both:
        tracer.RadiopharmaceuticalStartDateTime = "20260301120000"
    d.RadiopharmaceuticalInformationSequence = [tracer]
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
    d.PixelSpacing, d.SliceThickness, d.SliceLocation = [4, 4], 3, 3.0 * k
    activity = 2 * dose * 2 ** (-3600 / half_life) / (weight * 1000)
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = 0, round(activity / 20000, 6), "BQML"
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.PixelData = np.full((16, 16), 20000, "<i2").tobytes()
    d.save_as(f"{sys.argv[1]}/{k}.dcm", enforce_file_format=True)
PY
cat >look.py <<'PY'
import glob, logging, sys
import pydicom
logging.disable(50)
from mirp import extract_images

found = {}
for folder in sys.argv[1:]:
    d = pydicom.dcmread(sorted(glob.glob(f"{folder}/**/*.dcm", recursive=True))[0])
    tracer = d.RadiopharmaceuticalInformationSequence[0]
    given, full, scan = tracer.RadiopharmaceuticalStartTime, tracer.get("RadiopharmaceuticalStartDateTime", ""), d.AcquisitionTime
    try:
        suv = float(extract_images(image=folder)[0][0][0]["image"].max())
    except Exception as error:
        suv = type(error).__name__
    found[folder] = given, full, scan, suv
    print(f"{folder:14s} scan {d.AcquisitionDate} {scan:10s} injection {given} {full:15s} mirp's SUV {suv if isinstance(suv, str) else round(suv, 3)}")
assert abs(found["time"][3] - 2) < 0.01 and abs(found["both"][3] - 2) < 0.01, "mirp changed"
for name in (n for n in found if n.startswith("time.")):
    given, _, scan, suv = found[name]
    assert given == "120000", "dicognito now moves Start Time"
    hours = (int(scan[:2]) - 12) % 24  # mirp takes an injection after the scan for one on the day before
    assert not isinstance(suv, float) or abs(suv - 2 * 2 ** ((hours - 1) * 3600 / 6586.2)) < 0.02 * suv, "mirp or dicognito changed"
assert any(found[n][2] != "130000" for n in found if n.startswith("time.")), "dicognito moves no times"
given, full, scan, _ = found["both.1"]
assert given == "120000" and int(full[8:10]) == (int(scan[:2]) - 1) % 24 != 12, "dicognito changed"
given, full, scan, _ = found["blanked"]
assert given == "120000" and full == "20260301120000" and float(scan) == 0, "dicom-anonymizer changed"
PY
for case in time both; do env/bin/python make.py $case; done
for seed in 1 2 3 4 5; do env/bin/python -m dicognito -q --seed $seed -o time.$seed time; done
env/bin/python -m dicognito -q --seed 1 -o both.1 both
mkdir blanked && env/bin/python -c 'import glob, dicomanonymizer as a; [a.anonymize_dicom_file(f, f.replace("both", "blanked")) for f in sorted(glob.glob("both/*"))]'
OMP_NUM_THREADS=1 env/bin/python -W ignore look.py time time.? both both.1 blanked 2>errors || { tail -3 errors; exit 1; }
