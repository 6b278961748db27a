#!/usr/bin/env bash
# One would guess: SimpleITK, which gives each PET slice its own Rescale Slope, gives the same values whatever the slopes are; a slice whose
#   slope is 1 is one among others.
# What happens with 2.5.7 (ITK 5.4; itk 5.4.7 and TorchIO 1.2.1, which read by it, too): the type of the volume is that of the first slice
#   after sorting. Where its slope is a whole number (an empty slice below the head is often stored with slope 1) the volume is of integers:
#   SUV 0.9 reads 0, 9.5 reads 9, and 2.99 reads 2. With slope 1 it is as wide as stored: a lesion of 120,000 Bq/ml above it reads
#   54,464. With a fractional slope there all is right. Nothing warns. dicom2nifti 2.6.2, highdicom 0.28.2 and dcm2niix
#   1.0.20260724 are right.
# For an MRI with a PET: a brain of SUV 0 to 12 is left with 12 steps, or the lesion is short of 65,536, and only in patients whose lowest
#   slice is empty. A PET that comes out in integers is to be checked; read the slices one by one, each in its own type, or set the output
#   pixel type to float (ReadImage(names, sitk.sitkFloat64) is right).
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itk-io==5.4.7' 'torchio==1.2.1' 'torch==2.13.0' 'dicom2nifti==2.6.2' 'highdicom==0.28.2' \
    'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
OMP_NUM_THREADS=1 env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, subprocess
import dcm2niix, dicom2nifti, highdicom, itk, nibabel, numpy as np, pydicom, SimpleITK as sitk, torchio as tio
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

def write(folder, peaks, slopes, units):
    os.mkdir(folder)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, (peak, slope) in enumerate(zip(peaks, slopes)):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = PET, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "PT", "1", "Phantom", "HFS", "PET"
        d.PatientBirthDate, d.PatientSex, d.AccessionNumber, d.StudyID, d.ReferringPhysicianName = "", "", "", "", ""
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.Units, d.DecayCorrection, d.SeriesType, d.NumberOfSlices, d.ImageIndex = units, "START", ["STATIC", "IMAGE"], len(peaks), k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.RescaleIntercept, d.RescaleSlope = [2, 2], 3, 0, slope
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        pixels = np.zeros((32, 32))
        pixels[8:24, 8:24] = peak / slope
        d.PixelData = np.round(pixels).astype("<u2").tobytes()
        d.save_as(f"{folder}/{k:03d}.dcm", enforce_file_format=True)

def read(folder):
    """The values in the middle of each slice, from the lowest up, by each tool."""
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
    yield "SimpleITK", sitk.GetArrayFromImage(sitk.ReadImage(names))[:, 16, 16]
    yield "itk", itk.array_from_image(itk.imread(folder))[:, 16, 16]
    yield "TorchIO", tio.ScalarImage(folder).data[0].numpy()[16, 16]
    yield "SimpleITK, float", sitk.GetArrayFromImage(sitk.ReadImage(names, sitk.sitkFloat64))[:, 16, 16]
    dicom2nifti.dicom_series_to_nifti(folder, "a.nii", reorient_nifti=False)
    yield "dicom2nifti", nibabel.load("a.nii").get_fdata()[16, 16]
    volume = highdicom.get_volume_from_series([pydicom.dcmread(name) for name in sorted(glob.glob(folder + "/*"))])
    yield "highdicom", volume.array[:: 1 if volume.affine[2, 0] > 0 else -1, 16, 16]
    subprocess.run([dcm2niix.bin, "-w", "1", "-f", "b", "-o", ".", folder], check=True, capture_output=True)
    yield "dcm2niix", nibabel.load("b.nii").get_fdata()[16, 16]

by_itk = ("SimpleITK", "itk", "TorchIO")
cases = {
    "SUV, empty below, slope 1": ((0, 0.9, 9.5, 2.99), (1, 0.001, 0.001, 0.001), "GML", [0, 0, 9, 2]),
    "SUV, empty below, slope 0.001": ((0, 0.9, 9.5, 2.99), (0.001,) * 4, "GML", None),
    "SUV, empty above, slope 1": ((0.9, 9.5, 2.99, 0), (0.001, 0.001, 0.001, 1), "GML", None),
    "Bq/ml, empty below, slope 1": ((0, 5000, 120000, 5000), (1, 0.125, 2.5, 0.125), "BQML", [0, 5000, 54464, 5000]),
}
for n, (name, (peaks, slopes, units, found)) in enumerate(cases.items()):
    write(f"pet{n}", peaks, slopes, units)
    print(name, peaks)
    for tool, values in read(f"pet{n}"):
        values = np.round(np.asarray(values, float), 2).tolist()
        print(f"  {tool:17s}", values)
        assert np.allclose(values, found if found and tool in by_itk else peaks, rtol=1e-3), f"{tool} changed"
PY
