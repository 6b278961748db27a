#!/usr/bin/env bash
# One would guess: a dose map (RT Dose: 90Y or 177Lu dosimetry, planning), read by SimpleITK or dcm2niix, is in Gy, and its frames lie where Grid
#   Frame Offset Vector says.
# What happens: SimpleITK 2.5.7 places frames right, forwards or backwards, by offsets or by z, but returns stored integers: Dose Grid Scaling
#   (3004,000E) is not applied, and 2.5 Gy reads 2,500. Of uneven offsets it takes the first step for all. dcm2niix 1.0.20260724
#   applies no scaling either, and puts frames 1 mm apart upwards, whatever the offsets say.
# For an MRI with a dose map: windows are thousands of times off, and a dose of 5 mm steps is a slab of a fifth of its height, upside
#   down where frames run downwards. Multiply by (3004,000E), and check the step.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'pydicom==3.0.2' 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import os, subprocess
import dcm2niix, nibabel, numpy as np, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTDoseStorage, generate_uid

def write(folder, offsets):
    os.mkdir(folder)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, RTDoseStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = RTDoseStorage, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.Modality, d.PatientID, d.PatientName, d.StudyDate, d.StudyTime = "RTDOSE", "1", "Phantom", "20260301", "120000"
    d.PatientBirthDate, d.PatientSex, d.Manufacturer, d.SeriesNumber, d.InstanceNumber = "", "", "Generated", 1, 1
    d.ImageOrientationPatient, d.ImagePositionPatient, d.PixelSpacing, d.SliceThickness = [1, 0, 0, 0, 1, 0], [-30, -40, -20], [3, 2], None
    d.NumberOfFrames, d.FrameIncrementPointer, d.GridFrameOffsetVector = len(offsets), 0x3004000C, list(offsets)
    d.DoseUnits, d.DoseType, d.DoseSummationType, d.DoseGridScaling = "GY", "PHYSICAL", "PLAN", 0.001
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 30, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.PixelData = np.stack([np.full((20, 30), 2500 + 1000 * n) for n in range(len(offsets))]).astype("<u2").tobytes()
    d.save_as(f"{folder}/dose.dcm", enforce_file_format=True)

heights = {"up": [-20, -15, -10, -5], "down": [-20, -25, -30, -35], "by z": [-20, -15, -10, -5], "uneven": [-20, -15, -10, 0]}
offsets = {"up": [0, 5, 10, 15], "down": [0, -5, -10, -15], "by z": [-20, -15, -10, -5], "uneven": [0, 5, 10, 20]}
for name, steps in offsets.items():
    write(name, steps)
    image = sitk.ReadImage(f"{name}/dose.dcm")
    itk = [round(image.TransformIndexToPhysicalPoint((0, 0, n))[2]) for n in range(4)]
    values = sitk.GetArrayFromImage(image)[:, 5, 5].tolist()
    subprocess.run([dcm2niix.bin, "-f", "out", "-o", ".", name], check=True, capture_output=True)
    nifti = nibabel.load("out.nii")
    other = [round(float(nifti.affine[2, 2] * n + nifti.affine[2, 3])) for n in range(4)]
    print(f"{name:7s} frames at {heights[name]} mm, 2.5 to 5.5 Gy; SimpleITK {itk}, {values}; dcm2niix {other}, {nifti.get_fdata()[5, 5].tolist()}")
    assert values == [2500, 3500, 4500, 5500], "SimpleITK now scales"
    assert itk == (heights[name] if name != "uneven" else [-20, -15, -10, -5]), "SimpleITK's places changed"
    assert other == [-20, -19, -18, -17] and nifti.get_fdata()[5, 5].tolist() == values, "dcm2niix changed"
    os.remove("out.nii")
PY
