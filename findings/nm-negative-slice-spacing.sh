#!/usr/bin/env bash
# One would guess: dcm2niix, made for such files, places a reconstructed SPECT (NM object, RECON TOMO) right, and the
#   general SimpleITK may not: the place is hidden in the Detector Information Sequence.
# What happens: with a negative Spacing Between Slices (its sign gives the direction of stacking, DICOM C.8.4.15)
#   SimpleITK 2.5.7 and itkwasm-dicom 7.6.4 are right. dcm2niix 1.0.20260724 ignores the sign: the head is mirrored head to
#   foot. With a positive one all agree.
# For an MRI with a SPECT: a mirror image is no motion, so that no rigid registration can mend it. Read NM objects
#   yourself, or compare the converted file's slice direction with the header.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'dcm2niix==1.0.20260724' 'SimpleITK==2.5.7' 'itkwasm-dicom==7.6.4' \
    'nibabel==5.4.2' 'pydicom==3.0.2'
env/bin/python - <<'PY'
import os, subprocess
import dcm2niix, itkwasm_dicom, nibabel, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage as NM, generate_uid

def write(path, step):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, NM
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = NM, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.Modality, d.ImageType = "NM", ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    d.PatientID, d.PatientName, d.PatientPosition = "1", "Phantom", "HFS"
    d.NumberOfFrames = d.NumberOfSlices = 16
    d.FrameIncrementPointer, d.SliceVector = [pydicom.tag.Tag(0x00540080)], list(range(1, 17))
    d.SpacingBetweenSlices, d.SliceThickness, d.PixelSpacing = step, 4, [4, 4]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-60, -70, 50], [1, 0, 0, 0, 1, 0]
    d.DetectorInformationSequence, d.NumberOfDetectors = [detector], 1
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 24, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    pixels = np.ones((16, 20, 24), "<u2")
    pixels[4, 6, 9] = 1000
    d.PixelData = pixels.tobytes()
    d.save_as(path, enforce_file_format=True)

for step in (4.0, -4.0):
    folder = f"step{step:+.0f}"
    os.makedirs(folder + "/out")
    write(folder + "/a.dcm", step)
    z = {"by the header": 50 + 4 * step}
    image = sitk.ReadImage(folder + "/a.dcm")
    z["SimpleITK"] = image.TransformIndexToPhysicalPoint((9, 6, 4))[2]
    wasm, _ = itkwasm_dicom.read_image_dicom_file_series(input_images=[folder + "/a.dcm"])
    z["itkwasm-dicom"] = float(wasm.origin[2] + wasm.direction[2][2] * wasm.spacing[2] * 4)
    subprocess.run([dcm2niix.bin, "-f", "out", "-o", folder + "/out", folder], check=True, capture_output=True)
    nifti = nibabel.load(folder + "/out/out.nii")
    hot = np.unravel_index(np.asanyarray(nifti.dataobj).argmax(), nifti.shape)
    z["dcm2niix"] = float((nifti.affine @ [*hot, 1])[2])
    print(f"Spacing Between Slices {step:+.0f} mm: height of the hot voxel in mm:", z)
    assert z["SimpleITK"] == z["itkwasm-dicom"] == z["by the header"], "SimpleITK or itkwasm changed"
    assert z["dcm2niix"] == 66, "dcm2niix changed: it was 66 mm for both signs"
print("as found: dcm2niix puts it", round(66 - z["by the header"]), "mm too high, the volume mirrored")
PY
