#!/usr/bin/env bash
# expected: a head CT whose gantry was tilted by 18 degrees, and one whose steps change from 2.5 to 5 mm above the skull base, both usual, are refused by
#   readers of volumes, resampled, or given with a warning.
# What happens: SimpleITK 2.5.7, medio 0.7.1 and dicom-numpy 0.6.5 give the tilted CT as a straight stack, without a word: a lesion at 70 mm above
#   the first slice lies 22 mm too far to the back or the front. Their checks do not see it, since the steps are even. (The other series is
#   seen by all three: dicom-numpy and medio refuse, SimpleITK warns, and gives it 4.6 mm off.) dcm2niix 1.0.20260724 writes two files
#   of either: the one with an addition to its name (_Tilt_1, _Eq_1) is right, the one with the plain name is 3.4 and 17.5 mm off.
#   highdicom 0.28.2 refuses both.
# For a CT with a PET or MRI: what is right at the skull base is 2 cm off near the vertex, and a rigid registration cannot mend it: it spreads it. Compare
#   Image Position (Patient) with the normal, not with the step; of dcm2niix take the file that has an addition.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'medio==0.7.1' 'dicom-numpy==0.6.5' 'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'pydicom==3.0.2' \
    'nibabel==5.4.2' 'numpy==2.3.5'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, shutil, subprocess
import dcm2niix, dicom_numpy, highdicom, medio, nibabel, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage as CT, ExplicitVRLittleEndian, generate_uid

def make(tilt, heights):
    """A head CT of 20 slices; returns the place of a lesion in slice 14, in RAS mm."""
    shutil.rmtree("ct", ignore_errors=True)
    os.mkdir("ct")
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    angle = np.deg2rad(tilt)
    down = np.array((0, np.cos(angle), -np.sin(angle)))  # along a column; the table runs along z
    for k, height in enumerate(heights):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, CT, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.Modality, d.PatientID, d.PatientName = CT, meta.MediaStorageSOPInstanceUID, "CT", "1", "Phantom"
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "120000"
        d.PatientBirthDate, d.PatientSex, d.AccessionNumber, d.StudyID, d.ReferringPhysicianName = "", "", "", "", ""
        d.Manufacturer, d.PatientPosition, d.PositionReferenceIndicator, d.ImageType = "Generated", "HFS", "", ["ORIGINAL", "PRIMARY", "AXIAL"]
        d.SeriesNumber, d.AcquisitionNumber, d.InstanceNumber, d.GantryDetectorTilt = 1, 1, k + 1, tilt
        d.ImageOrientationPatient = [1.0, 0.0, 0.0, *(float(round(v, 8)) for v in down)]
        d.ImagePositionPatient, d.PixelSpacing, d.SliceThickness = [-40.0, -60.0, float(height - 30)], [2, 2], float(heights[-1] - heights[-2])
        pixels = np.full((48, 40), -1000)
        pixels[4:-4, 4:-4] = 40
        if 13 <= k <= 15:
            pixels[28:33, 10:15] = 400
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 48, 40, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
        d.PixelData = pixels.astype("<i2").tobytes()
        d.save_as(f"ct/{k:02d}.dcm", enforce_file_format=True)
    return (-1, -1, 1) * (np.array((-16.0, -60.0, heights[14] - 30)) + 60 * down)

to_ras = np.diag((-1, -1, 1, 1))

def by_sitk():
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("ct"))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing(), image.GetOrigin()
    return {"": (sitk.GetArrayFromImage(image).transpose(2, 1, 0), to_ras @ affine)}

def by_medio():
    values, meta = medio.read_img("ct")
    assert meta.coord_sys == "itk"
    return {"": (values, to_ras @ meta.affine)}

def by_dcm2niix():
    for old in glob.glob("out*"):
        os.remove(old)
    subprocess.run([dcm2niix.bin, "-f", "out", "-o", ".", "ct"], check=True, capture_output=True)
    return {name: (nibabel.load(name).get_fdata(), nibabel.load(name).affine) for name in sorted(glob.glob("out*.nii"))}

def slices():
    return [pydicom.dcmread(name) for name in sorted(glob.glob("ct/*"))]

def by_dicom_numpy():
    values, affine = dicom_numpy.combine_slices(slices())
    return {"": (values, to_ras @ affine)}

def by_highdicom():
    volume = highdicom.get_volume_from_series(slices())
    return {"": (volume.array, to_ras @ volume.affine)}

readers = {"SimpleITK": by_sitk, "medio": by_medio, "dicom-numpy": by_dicom_numpy, "dcm2niix": by_dcm2niix, "highdicom": by_highdicom}
even = np.arange(20) * 5.0
uneven = np.concatenate([np.arange(8) * 2.5, 17.5 + np.arange(1, 13) * 5])
expected = {
    "straight": {"SimpleITK": 0, "medio": 0, "dicom-numpy": 0, "dcm2niix out.nii": 0, "highdicom": 0},
    "tilted": {"SimpleITK": 21.9, "medio": 21.9, "dicom-numpy": 21.6, "dcm2niix out.nii": 3.4, "dcm2niix out_Tilt_1.nii": 0.3},
    "uneven": {"SimpleITK": 4.6, "dcm2niix out.nii": 17.5, "dcm2niix out_Eq_1.nii": 0},
}
for case, (tilt, heights) in {"straight": (0, even), "tilted": (18, even), "uneven": (0, uneven)}.items():
    place, found = make(tilt, heights), {}
    for tool, read in readers.items():
        try:
            volumes = read()
        except Exception as error:
            print(f"{case:8s} {tool}: {type(error).__name__}")
            continue
        for name, (values, affine) in volumes.items():
            lesion = affine @ [*np.argwhere(values > 300).mean(0), 1]
            found[f"{tool} {name}".strip()] = round(float(np.linalg.norm(lesion[:3] - place)), 1)
    print(f"{case:8s} mm off:", found)
    assert found.keys() == expected[case].keys(), "one refuses or reads now what it did not"
    assert all(abs(found[name] - value) < 0.25 for name, value in expected[case].items()), "a place changed"
PY
