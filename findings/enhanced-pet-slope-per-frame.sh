#!/usr/bin/env bash
# One would guess: of an enhanced multi-frame PET, in which each frame has its own Rescale Slope (as each slice of a classic
#   series has), readers scale each frame by its own; they do so for the classic series.
# What happens, with a series converted by highdicom 0.28.2 (slices of 1,000 to 6,000 Bq/ml, frames stored from the head down):
#   SimpleITK 2.5.7 and itkwasm-dicom 7.6.4 scale all frames by the first frame's slope, dcm2niix 1.0.20260724 by that of the
#   lowest slice: 6,000 reads 6,000 or 12,000, 1,000 reads 500 or 1,000, 4,000 and 5,000 become equal.
#   Places are right. highdicom's own volume is right.
# For an MRI with a PET: the picture looks like a head with odd slices and fits the MRI; no uptake in it is to be believed.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itkwasm-dicom==7.6.4' 'nibabel==5.4.2' \
    'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'pydicom==3.0.2'
env/bin/python -W ignore - <<'PY'
import os, subprocess
import dcm2niix, highdicom, itkwasm_dicom, nibabel, numpy as np, SimpleITK as sitk
from highdicom.legacy import LegacyConvertedEnhancedPETImage
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

series, study, frame = generate_uid(), generate_uid(), generate_uid()
slopes, truth = [0.5, 0.6, 0.7, 0.8, 1.0, 0.25], 1000.0 * np.arange(1, 7)
slices = []
for k, slope in enumerate(slopes):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
    d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex, d.PatientPosition = "1", "Phantom", "", "", "HFS"
    d.AccessionNumber = d.StudyID = d.ReferringPhysicianName = d.Manufacturer = d.PositionReferenceIndicator = ""
    d.Modality, d.Units, d.SeriesNumber, d.InstanceNumber = "PT", "BQML", 1, 1 + k
    d.SeriesType, d.NumberOfSlices, d.ImageIndex, d.ImageType = ["STATIC", "IMAGE"], 6, 1 + k, ["ORIGINAL", "PRIMARY"]
    d.AcquisitionDate = d.SeriesDate = d.StudyDate = "20260301"
    d.AcquisitionTime = d.SeriesTime = d.StudyTime = "120000"
    d.FrameReferenceTime, d.ActualFrameDuration = 150000, 300000
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-60, -70, 50 + 5.0 * k]
    d.PixelSpacing, d.SliceThickness = [4, 4], 5
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 24, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.RescaleIntercept, d.RescaleSlope = 0, slope
    d.PixelData = np.full((20, 24), round(truth[k] / slope), "<u2").tobytes()
    slices.append(d)
os.makedirs("pet")
os.makedirs("classic")
for k, d in enumerate(slices):
    d.save_as(f"classic/{k}.dcm", enforce_file_format=True)
LegacyConvertedEnhancedPETImage(slices, generate_uid(), 2, generate_uid(), 1).save_as("pet/pet.dcm")

seen = {}  # values from the lowest slice up
classic = sitk.ReadImage([f"classic/{k}.dcm" for k in range(6)])
seen["SimpleITK, classic series"] = sitk.GetArrayFromImage(classic)[:, 3, 3]
image = sitk.ReadImage("pet/pet.dcm")
assert image.GetOrigin()[2] == 75 and image.GetDirection()[8] == -1, "the frames are stored from the head down"
seen["SimpleITK"] = sitk.GetArrayFromImage(image)[::-1, 3, 3]
wasm, _ = itkwasm_dicom.read_image_dicom_file_series(input_images=["pet/pet.dcm"])
seen["itkwasm-dicom"] = np.asarray(wasm.data)[::-1, 3, 3]
subprocess.run([dcm2niix.bin, "-f", "out", "-o", ".", "pet"], check=True, capture_output=True)
nifti = nibabel.load("out.nii")
assert tuple(nifti.affine[2]) == (0, 0, 5, 50)
seen["dcm2niix"] = nifti.get_fdata()[3, 3]
volume = highdicom.imread("pet/pet.dcm").get_volume()
upward = volume.array[:, 3, 3] if volume.affine[2, 0] > 0 else volume.array[::-1, 3, 3]
seen["highdicom"] = upward
for name, values in {"meant": truth, **seen}.items():
    print(f"{name:26s}", *(f"{v:8.0f}" for v in values))
stored = np.round(truth / slopes)
assert np.allclose(seen["SimpleITK, classic series"], truth, atol=1) and np.allclose(seen["highdicom"], truth, atol=1)
assert np.allclose(seen["SimpleITK"], stored * slopes[-1]) and np.allclose(seen["itkwasm-dicom"], stored * slopes[-1]), "changed"
assert np.allclose(seen["dcm2niix"], stored * slopes[0], rtol=1e-5), "dcm2niix changed"
PY
