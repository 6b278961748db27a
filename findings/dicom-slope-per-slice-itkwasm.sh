#!/usr/bin/env bash
# One would guess: a reader of DICOM series gives each PET slice its own Rescale Slope.
# What happens: itkwasm-dicom 7.6.4 scales every slice with the slope of the last file it was given, without a warning.
#   Here a lesion of 40,000 Bq/ml comes out as 5,000, as bright as the brain around it.
# For an MRI with a PET: the geometry is right and the picture looks like a PET; only the lesion is gone. Of a browser
#   pipeline ask for the raw slices, or convert with a tool that is known to keep slopes (SimpleITK, dcm2niix).
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'itkwasm-dicom==7.6.4' 'SimpleITK==2.5.7' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python - <<'PY'
import glob, os
import itkwasm_dicom, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

volume = np.full((12, 16, 16), 50.0)
volume[:, 4:12, 4:12] = 5000  # brain
volume[7, 7:9, 7:9] = 40000  # a lesion in slice 7
series, study, frame = generate_uid(), generate_uid(), generate_uid()
os.mkdir("pet")
for k, values in enumerate(volume):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
    d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "Phantom", k + 1
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3.0 * k]
    d.PixelSpacing, d.SliceThickness = [4, 4], 3
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleIntercept, d.RescaleSlope = 0, round(values.max() / 32767, 8)  # as scanners write it
    d.PixelData = np.round(values / float(d.RescaleSlope)).astype("<i2").tobytes()
    d.save_as(f"pet/{k:03d}.dcm", enforce_file_format=True)
files = sorted(glob.glob("pet/*.dcm"))
truth = sitk.GetArrayFromImage(sitk.ReadImage(files))
image, _ = itkwasm_dicom.read_image_dicom_file_series(input_images=files)
seen = np.asarray(image.data)
print("slice maxima written      ", volume.max((1, 2)).round().astype(int).tolist())
print("SimpleITK 2.5.7           ", truth.max((1, 2)).round().astype(int).tolist())
print("itkwasm-dicom 7.6.4       ", seen.max((1, 2)).round().astype(int).tolist())
assert abs(truth[7].max() - 40000) < 2, "SimpleITK no longer applies each slope"
assert abs(seen[7].max() - 5000) < 2, "itkwasm-dicom changed: it was one slope for all slices"
print("as found: the lesion of 40,000 Bq/ml reads", round(float(seen[7].max())))
PY
