#!/usr/bin/env bash
# One would guess: ants.dicom_read of a folder sorts the slices by position, as every other series reader does.
# What happens: antspyx 0.6.3 stacks them in the order in which the directory lists them, with slices 1 mm apart
#   whatever the header says, and puts the origin at the file that came first. No warning. The same folder copied may
#   give another volume.
# For an MRI with a PET: it still looks like a noisy PET in the axial view, and registers to something. Convert first.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'antspyx==0.6.3' 'pydicom==3.0.2' 'SimpleITK==2.5.7'
env/bin/python - <<'PY'
import os
import ants, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

series, study, frame = generate_uid(), generate_uid(), generate_uid()
os.mkdir("pet")
order = np.random.default_rng(3).permutation(30)  # scanners name files by UID, so listings follow no order
for name, k in enumerate(order):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
    d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "Phantom", int(k) + 1
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 4.0 * int(k)]
    d.PixelSpacing, d.SliceThickness = [4, 4], 4
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 8, 8, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleIntercept, d.RescaleSlope = 0, 1
    d.PixelData = np.full((8, 8), 100 * (k + 1), "<i2").tobytes()  # the value says which slice it is
    d.save_as(f"pet/{name:03d}.dcm", enforce_file_format=True)
reader = sitk.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames("pet"))
truth = reader.Execute()
image = ants.dicom_read("pet")
levels = image.numpy()[0, 0].astype(int)
wrong = int((np.diff(levels) != 100).sum())
print("SimpleITK 2.5.7: spacing", truth.GetSpacing(), "slices", sitk.GetArrayFromImage(truth)[:8, 0, 0].tolist(), "...")
print("antspyx 0.6.3:   spacing", image.spacing, "slices", levels[:8].tolist(), "...", f"{wrong} of 29 neighbors are none")
assert (np.diff(sitk.GetArrayFromImage(truth)[:, 0, 0]) == 100).all() and truth.GetSpacing()[2] == 4
assert image.spacing[2] == 1 and wrong > 5, "antspyx changed: it was the order of the directory and 1 mm"
PY
