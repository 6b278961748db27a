#!/usr/bin/env bash
# One would guess: of a dynamic PET series (3 frames of 20 slices in one series, as DICOM keeps it) a reader of volumes makes a
#   4-D image, takes one frame, or refuses.
# What happens: SimpleITK 2.5.7, itkwasm-dicom 7.6.4 and MONAI 1.6.1's PydicomReader return one volume of 60 slices: three
#   heads of 57 mm pressed into the height of one, with slices 0.966 mm apart (the extent by 59 steps), so that the outer
#   size is right. MONAI says nothing; SimpleITK prints a warning of non-uniform sampling. highdicom 0.28.2 refuses,
#   dcm2niix 1.0.20260724 makes 4-D.
# For an MRI with a PET: the box fits the MRI's, so a look at the affine finds no fault, and a registration "converges".
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'monai==1.6.1' 'torch==2.13.0' \
    'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'nibabel==5.4.2' 'pydicom==3.0.2' 'itkwasm-dicom==7.6.4'
env/bin/python -W ignore - <<'PY'
import glob, os, subprocess
import dcm2niix, highdicom, itkwasm_dicom, nibabel, numpy as np, pydicom, SimpleITK as sitk
from monai.transforms import LoadImage
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

series, study, frame = generate_uid(), generate_uid(), generate_uid()
os.makedirs("pet")
for t in range(3):
    for k in range(20):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
        meta.MediaStorageSOPInstanceUID = generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
        d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
        d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "P", 1 + k + 20 * t
        d.SeriesType, d.NumberOfTimeSlices, d.NumberOfSlices, d.ImageIndex = ["DYNAMIC", "IMAGE"], 3, 20, 1 + k + 20 * t
        d.AcquisitionDate = d.SeriesDate = d.StudyDate = "20260301"
        d.AcquisitionTime, d.SeriesTime = f"12{5 * t:02d}00", "120000"
        d.FrameReferenceTime, d.ActualFrameDuration, d.ImageType = 300000 * t + 150000, 300000, ["ORIGINAL", "PRIMARY"]
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3.0 * k]
        d.PixelSpacing, d.SliceThickness = [4, 4], 3
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleIntercept, d.RescaleSlope = 0, 1
        d.PixelData = np.full((16, 16), 1000 // 2**t, "<i2").tobytes()
        d.save_as(f"pet/{20 * t + k:03d}.dcm", enforce_file_format=True)
files = sorted(glob.glob("pet/*.dcm"))
reader = sitk.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames("pet"))
a = reader.Execute()
b = LoadImage(reader="PydicomReader", image_only=True)("pet")
c, _ = itkwasm_dicom.read_image_dicom_file_series(input_images=files)
subprocess.run([dcm2niix.bin, "-f", "o", "-o", ".", "pet"], check=True, capture_output=True)
e = nibabel.load("o.nii")
print("SimpleITK", a.GetSize(), f"slices {a.GetSpacing()[2]:.3f} mm apart")
print("MONAI    ", tuple(b.shape), f"slices {float(b.pixdim[2]):.3f} mm apart")
print("itkwasm  ", np.asarray(c.data).shape[::-1], f"slices {c.spacing[2]:.3f} mm apart")
print("dcm2niix ", e.shape, e.header.get_zooms())
assert a.GetSize()[2] == b.shape[2] == np.asarray(c.data).shape[0] == 60, "a reader changed"
assert abs(a.GetSpacing()[2] - 57 / 59) < 1e-3 and abs(float(b.pixdim[2]) - 57 / 59) < 1e-3
assert e.shape == (16, 16, 20, 3)
try:
    highdicom.get_volume_from_series([pydicom.dcmread(f) for f in files])
except ValueError as error:
    print("highdicom refuses:", str(error).splitlines()[0])
else:
    raise AssertionError("highdicom no longer refuses")
PY
