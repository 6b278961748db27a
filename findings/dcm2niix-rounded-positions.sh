#!/usr/bin/env bash
# One would guess: where a DICOM series states its slice positions in tenths of a millimeter (as some scanners and exports do), a converter loses a
#   tenth at most: it takes the spacing from the whole stack, or from Spacing Between Slices.
# What happens: dcm2niix 1.0.20260724 takes the step from the first to the second slice for all, also beside the exact Spacing Between Slices,
#   and says nothing (rounded to whole millimeters, it warns). Rounding then grows with the number of slices: of a whole-body PET of 299 slices of 3.27 mm
#   the head is 9 mm too high; with the table 0.03 mm lower it is 21 mm too low. A head PET of 47 slices is 1.4 mm off, a CT of 320 slices of 0.625 mm
#   8 mm. SimpleITK 2.5.7 (which warns of uneven steps) and dicom2nifti 2.6.2 take the mean step and are right to 0.05 mm.
# For an MRI with a PET: the brain is the end of a whole-body scan, so it has all of the error, and is stretched or squeezed by up to 4 % along the body
#   besides; PET and CT of one session part. A rigid registration brings the middle of the head back and leaves the stretch.
#   Compare the NIfTI's spacing with the positions of first and last slice, or convert with SimpleITK.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'dcm2niix==1.0.20260724' 'SimpleITK==2.5.7' 'dicom2nifti==2.6.2' 'nibabel==5.4.2' \
    'pydicom==3.0.2' 'numpy==2.4.6' 'scipy==1.17.1'
env/bin/python -W ignore - <<'PY'
import glob, os, shutil, subprocess
import dcm2niix, dicom2nifti, nibabel, numpy as np, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

sitk.ProcessObject.SetGlobalWarningDisplay(False)

def series(modality, step, bottom, slices, digits, exact):
    """A stack from the feet up; slice k holds one voxel of the value 1000 + k."""
    shutil.rmtree("dicom", ignore_errors=True)
    os.mkdir("dicom")
    kind = CTImageStorage if modality == "CT" else PositronEmissionTomographyImageStorage
    study, one, frame = generate_uid(), generate_uid(), generate_uid()
    for k in range(slices):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, kind, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, one, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = modality, "1", "Phantom", "HFS", "head"
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.SliceLocation = round(bottom + step * k, digits)
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-40, -40, d.SliceLocation]
        d.PixelSpacing, d.SliceThickness = [4, 4], step
        if exact:
            d.SpacingBetweenSlices = step
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 20, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation, d.RescaleSlope, d.RescaleIntercept = 16, 16, 15, 1, 1, 0
        if modality == "PT":
            d.Units, d.CorrectedImage, d.DecayCorrection = "BQML", ["DECY"], "START"
        pixels = np.full((20, 20), 100, "<i2")
        pixels[5, 5] = 1000 + k
        d.PixelData = pixels.tobytes()
        d.save_as(f"dicom/{k:03d}.dcm", enforce_file_format=True)

def top(path, slices, truth):
    """How much too high the uppermost slice lies (mm), and the spacing."""
    image = nibabel.load(path)
    at = np.argwhere(image.get_fdata() == 1000 + slices - 1)[0]
    return float((image.affine @ [*at, 1])[2] - truth), float(image.header.get_zooms()[2])

off = {}
for name, modality, step, bottom, slices, digits, exact in (
    ("whole body PET", "PT", 3.27, -850.0, 299, 1, False),
    ("same, table 0.03 mm lower", "PT", 3.27, -850.03, 299, 1, False),
    ("same, with exact spacing tag", "PT", 3.27, -850.03, 299, 1, True),
    ("head PET", "PT", 3.27, -50.0, 47, 1, False),
    ("head CT", "CT", 0.625, -50.0, 320, 1, False),
    ("PET in hundredths of a mm", "PT", 3.27, -850.03, 299, 2, False),
):
    series(modality, step, bottom, slices, digits, exact)
    for old in glob.glob("*.nii*"):
        os.remove(old)
    said = subprocess.run([dcm2niix.bin, "-b", "n", "-f", "dcm2niix", "-o", ".", "dicom"], check=True, capture_output=True, encoding="utf-8")
    assert not any(word in (said.stdout + said.stderr).lower() for word in ("distance", "varies", "spacing")), said.stdout + said.stderr
    sitk.WriteImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("dicom")), "SimpleITK.nii")
    dicom2nifti.dicom_series_to_nifti("dicom", "dicom2nifti.nii.gz", reorient_nifti=False)
    for tool in ("dcm2niix", "SimpleITK", "dicom2nifti"):
        off[name, tool], spacing = top(glob.glob(f"{tool}.nii*")[0], slices, bottom + step * (slices - 1))
        print(f"{name:28s} ({slices} slices of {step} mm) {tool:11s} {spacing:.4f} mm, uppermost slice {off[name, tool]:+6.2f} mm")
assert max(abs(v) for (_, tool), v in off.items() if tool != "dcm2niix") < 0.07, "SimpleITK or dicom2nifti changed"
found = {name: v for (name, tool), v in off.items() if tool == "dcm2niix"}
assert found["whole body PET"] > 8 and found["same, table 0.03 mm lower"] < -20 and found["same, with exact spacing tag"] < -20, "dcm2niix changed"
assert found["head PET"] > 1.2 and found["head CT"] < -7 and abs(found["PET in hundredths of a mm"]) < 0.1, "dcm2niix changed"
PY
