#!/usr/bin/env bash
# One would guess: dcm2niix writes the start of each frame of a dynamic PET (FrameTimesStart of BIDS) as seconds since the first one, also
#   where the scan goes on past midnight: Acquisition Date is in each file, and Frame Reference Time counts on.
# What happens: dcm2niix 1.0.20260724 subtracts times of the day. Frames at 23:50, 23:55, 00:05 and 00:15 start at 0, 300, 0 and 0 s; the
#   same scan in the afternoon gives 0, 300, 900, 1500. No warning. Its own FrameReferenceTime (150, 600, 1200, 1800), durations and decay
#   factors stay right, and so do the values and the order of the frames.
# For an MRI with a PET: a mean over "60 to 90 min" takes other frames or none, and a curve fitted to these times is nonsense of the right
#   shape. Times that do not rise are not to be used: take FrameReferenceTime less half a duration.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import json, math, os, subprocess
from datetime import datetime, timedelta
import dcm2niix, nibabel, numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

offsets, durations, half_life = (0, 300, 900, 1500), (300, 600, 600, 600), 6586.2

def write(folder, start):
    os.mkdir(folder)
    study, series, world = generate_uid(), generate_uid(), generate_uid()
    for f, (offset, duration) in enumerate(zip(offsets, durations)):
        for k in range(8):
            meta = FileMetaDataset()
            meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
            d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
            d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
            d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, world
            d.Modality, d.Units, d.PatientID, d.PatientName, d.PatientWeight = "PT", "BQML", "1", "Phantom", 70
            d.StudyDate = d.SeriesDate = start.strftime("%Y%m%d")
            d.StudyTime = d.SeriesTime = start.strftime("%H%M%S")
            d.AcquisitionDate = d.ContentDate = (start + timedelta(seconds=offset)).strftime("%Y%m%d")
            d.AcquisitionTime = d.ContentTime = (start + timedelta(seconds=offset)).strftime("%H%M%S")
            d.Manufacturer, d.DecayCorrection, d.PatientPosition, d.SeriesNumber = "Generated", "START", "HFS", 1
            d.SeriesType, d.NumberOfSlices, d.NumberOfTimeSlices = ["DYNAMIC", "IMAGE"], 8, len(offsets)
            d.ImageIndex = d.InstanceNumber = f * 8 + k + 1
            d.ActualFrameDuration, d.FrameReferenceTime = duration * 1000, (offset + duration / 2) * 1000
            d.DecayFactor = round(math.exp(math.log(2) / half_life * offset), 6)
            d.ImageType, d.SeriesDescription, d.CorrectedImage = ["ORIGINAL", "PRIMARY"], "PET", ["DECY", "ATTN"]
            tracer = Dataset()
            tracer.Radiopharmaceutical, tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "FDG", 370e6, half_life
            tracer.RadiopharmaceuticalStartDateTime = start.strftime("%Y%m%d%H%M%S")
            d.RadiopharmaceuticalInformationSequence = [tracer]
            d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
            d.PixelSpacing, d.SliceThickness, d.SliceLocation = [4, 4], 3, 3.0 * k
            d.RescaleIntercept, d.RescaleSlope = 0, 1
            d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
            d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
            d.PixelData = np.full((16, 16), 1000 * (f + 1), "<i2").tobytes()
            d.save_as(f"{folder}/{f}{k:02d}.dcm", enforce_file_format=True)

for name, start in (("afternoon", datetime(2026, 3, 1, 13, 50)), ("midnight", datetime(2026, 3, 1, 23, 50))):
    write(name, start)
    subprocess.run([dcm2niix.bin, "-b", "y", "-f", name + "-out", "-o", ".", name], check=True, capture_output=True)
    side = json.load(open(name + "-out.json"))
    frames = nibabel.load(name + "-out.nii").get_fdata()[5, 5, 5].tolist()
    print(name, {key: side[key] for key in ("FrameTimesStart", "FrameDuration", "FrameReferenceTime")}, "values", frames)
    assert frames == [1000, 2000, 3000, 4000] and side["FrameReferenceTime"] == [150, 600, 1200, 1800], "dcm2niix changed"
    assert side["FrameTimesStart"] == (list(offsets) if name == "afternoon" else [0, 300, 0, 0]), "dcm2niix changed"
PY
