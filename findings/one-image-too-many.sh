#!/usr/bin/env bash
# expected: where a series of a head holds one image too many (a slice that was taken again after the patient moved, or the scout), SimpleITK moves
#   what lies above it by one slice, or leaves the image out; or it refuses.
# What happens with SimpleITK 2.5.7 (GetGDCMSeriesFileNames, ReadImage): slices come in the order of their numbers, and their step is the
#   way from the first to the last, divided by their count. So a slice of 5 mm that was taken again and is numbered last presses the
#   head from 95 to 35 mm, and a lesion lies 45 mm off; numbered beside its first take it moves by 1 mm. A scout, numbered 0, turns the head by
#   90 degrees into its own plane. One line on standard error speaks of "non uniform sampling".
#   dcm2niix 1.0.20260724 writes two files of the slice taken twice, of which the one with the plain name has the lesion 5 mm off, and the scout apart.
#   highdicom 0.28.2 and dicom-numpy 0.6.5 refuse all of them.
# For a CT or MRI with a PET: the slice is there because the patient moved, so such series come from those who move. A rigid
#   registration cannot mend it. Count the places: Image Position (Patient) along the normal, each one once.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'dicom-numpy==0.6.5' 'pydicom==3.0.2' \
    'nibabel==5.4.2' 'numpy==2.3.5'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, shutil, subprocess
import dcm2niix, dicom_numpy, highdicom, nibabel, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage as CT, ExplicitVRLittleEndian, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()

def write(number, position, pixels, axes=(1, 0, 0, 0, 1, 0), kind="AXIAL"):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, CT, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.Modality, d.PatientID, d.PatientName = CT, meta.MediaStorageSOPInstanceUID, "CT", "1", "Phantom"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
    d.StudyTime = d.SeriesTime = d.AcquisitionTime = "120000"
    d.PatientBirthDate, d.PatientSex, d.AccessionNumber, d.StudyID, d.ReferringPhysicianName = "", "", "", "", ""
    d.Manufacturer, d.PatientPosition, d.PositionReferenceIndicator, d.ImageType = "Generated", "HFS", "", ["ORIGINAL", "PRIMARY", kind]
    d.SeriesNumber, d.AcquisitionNumber, d.InstanceNumber = 1, 1, number
    d.ImageOrientationPatient, d.ImagePositionPatient, d.PixelSpacing, d.SliceThickness = list(axes), list(position), [2, 2], 5
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = *pixels.shape, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
    d.PixelData = pixels.astype("<i2").tobytes()
    d.save_as(f"ct/{number:02d}.dcm", enforce_file_format=True)

def make(case):
    shutil.rmtree("ct", ignore_errors=True)
    os.mkdir("ct")
    for k in range(20):
        pixels = np.full((48, 40), -1000)
        pixels[4:-4, 4:-4] = 40
        if 13 <= k <= 15:
            pixels[28:33, 10:15] = 400
        beside = case == "again, numbered beside it" and k > 7
        write(k + 1 + beside, (-40, -60, 5 * k - 30), pixels)
        if k == 7 and case.startswith("again"):
            write(9 if "beside" in case else 21, (-40, -60, 5), pixels)
    if case == "scout":
        write(0, (0, -60, 65), np.full((48, 40), 100), (0, 1, 0, 0, 0, -1), "LOCALIZER")

def off(values, affine):
    """How far the lesion lies from its place (RAS mm), and how high the stack of slices is."""
    if values.max() < 300:
        return None  # the scout alone
    index = np.argwhere(values > 300).mean(0)
    heights = values.shape[2] - 1, np.linalg.norm(affine[:3, 2])
    return float(np.linalg.norm((affine @ [*index, 1])[:3] - (16, 0, 40))), float(heights[0] * heights[1])

def by_sitk():
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("ct"))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing(), image.GetOrigin()
    return *off(sitk.GetArrayFromImage(image).transpose(2, 1, 0), np.diag((-1, -1, 1, 1)) @ affine), image.GetDirection()

def by_dcm2niix():
    for old in glob.glob("out*"):
        os.remove(old)
    subprocess.run([dcm2niix.bin, "-f", "out", "-o", ".", "ct"], check=True, capture_output=True)
    found = {name: nibabel.load(name) for name in sorted(glob.glob("out*.nii"))}
    return {name: off(n.get_fdata(), n.affine) for name, n in found.items()}

def refuses(read, error):
    try:
        read()
    except error:
        return True
    return False

lies = {"plain": 0, "again, numbered last": 45.5, "again, numbered beside it": 1.25, "scout": 52.1}
for case, expected in lies.items():
    make(case)
    distance, height, direction = by_sitk()
    files = by_dcm2niix()
    slices = [pydicom.dcmread(name) for name in sorted(glob.glob("ct/*"))]
    refused = refuses(lambda: highdicom.get_volume_from_series(slices), ValueError) + refuses(lambda: dicom_numpy.combine_slices(slices), dicom_numpy.DicomImportException)
    print(f"{case}: SimpleITK {distance:.1f} mm off, {height:.0f} mm high (95); dcm2niix", {k: v and round(v[0], 1) for k, v in files.items()}, f"; refused by {refused} of 2")
    if case != "plain":
        assert abs(distance - expected) < 0.1, "SimpleITK changed"
    else:
        assert distance < 0.01, "SimpleITK changed"
    assert case != "again, numbered last" or abs(height - 35) < 0.1, "SimpleITK changed"
    assert np.allclose(direction, (0, 0, -1, 1, 0, 0, 0, -1, 0) if case == "scout" else np.eye(3).ravel()), "SimpleITK changed: directions"
    assert refused == (0 if case == "plain" else 2), "highdicom or dicom-numpy changed"
    places = sorted(round(v[0], 1) for v in files.values() if v)
    assert places == ([0, 5] if case.startswith("again") else [0]), "dcm2niix changed"
    assert not case.startswith("again") or round(files["out.nii"][0], 1) == 5, "dcm2niix changed"
PY
