#!/usr/bin/env bash
# One would guess: SimpleITK reads one multi-frame DICOM file (enhanced PET or MR, NM) the same by its name and by a list that
#   holds its name; for a single classic slice or two slices the list gives a 3-D image, too.
# What happens with SimpleITK 2.5.7: ReadImage("pet.dcm") is 3-D, ReadImage(["pet.dcm"]) and ImageSeriesReader are 4-D with a
#   last axis of 1 (Direction has 16 numbers). A resampling of it onto an MRI raises "not supported in 4D". The array has an
#   axis more in front. A list of two files puts them one behind the other in that axis, 1 apart.
# For an MRI with a PET: who lists a folder and reads the list gets a PET of another dimension as soon as the archive stores
#   multi-frame objects. Read a list of one by its name.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np, SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage as NM, generate_uid

def write(path):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, NM
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = NM, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.Modality, d.ImageType = "NM", ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    d.PatientID, d.PatientName, d.PatientPosition = "1", "Phantom", "HFS"
    d.NumberOfFrames = d.NumberOfSlices = 16
    d.FrameIncrementPointer, d.SliceVector = [Tag(0x00540080)], list(range(1, 17))
    d.SpacingBetweenSlices, d.SliceThickness, d.PixelSpacing = 4, 4, [4, 4]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-60, -70, 50], [1, 0, 0, 0, 1, 0]
    d.DetectorInformationSequence, d.NumberOfDetectors = [detector], 1
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 24, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.PixelData = np.ones((16, 20, 24), "<u2").tobytes()
    d.save_as(path, enforce_file_format=True)

write("spect.dcm")
write("other.dcm")
reader = sitk.ImageSeriesReader()
reader.SetFileNames(["spect.dcm"])
seen = {
    "by its name": sitk.ReadImage("spect.dcm"),
    "in a list": sitk.ReadImage(["spect.dcm"]),
    "by a series reader": reader.Execute(),
    "two in a list": sitk.ReadImage(["spect.dcm", "other.dcm"]),
}
for name, image in seen.items():
    print(f"{name:20s} size {image.GetSize()}, array {sitk.GetArrayViewFromImage(image).shape}, spacing {image.GetSpacing()}")
assert [i.GetSize()[3:] for i in seen.values()] == [(), (1,), (1,), (2,)], "SimpleITK changed"
assert len(seen["in a list"].GetDirection()) == 16 and seen["two in a list"].GetSpacing()[3] == 1
mri = sitk.Image(30, 30, 20, sitk.sitkFloat32)
assert sitk.Resample(seen["by its name"], mri).GetSize() == (30, 30, 20)
try:
    sitk.Resample(seen["in a list"], mri)
except RuntimeError as error:
    print("onto an MRI:", str(error).splitlines()[-1].split("ERROR: ")[-1])
else:
    raise AssertionError("SimpleITK resamples it now")
single = sitk.Image(24, 20, 1, sitk.sitkUInt16)
sitk.WriteImage(single, "slice.dcm")
assert sitk.ReadImage(["slice.dcm"]).GetDimension() == 3
PY
