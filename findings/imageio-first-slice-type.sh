#!/usr/bin/env bash
# One would guess: imageio, whose DICOM plugin applies Rescale Slope and Intercept slice by slice, gives a volume in a type that holds the
#   values of all slices.
# What happens with 2.38.1: where slope and intercept are whole numbers, a slice is put into the smallest signed type "that fits", by limits
#   meant for unsigned ones: a slice that peaks between 128 and 255 wraps, and one between 32,768 and 65,535. 200 counts read -56, 40,000
#   read -25,536. Then all slices get the type of the lowest one: a PET whose first slice is empty with slope 1 comes out in int8, SUV 0.9 and
#   9.5 as 0 and 9; above a slice of 100 counts 900 reads -124. Nothing warns. With fractional slopes in all slices the values are right.
# For an MRI with a PET: the lesion is the coldest place, or one step of ten, by what is in the lowest slice of the scan. Read the
#   stored values with pydicom and scale them yourself, or read with highdicom. (SimpleITK does
#   much the same: simpleitk-first-slice-type.sh.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'imageio==2.38.1' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import contextlib, io, os
import imageio, numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

def write(folder, volume, slopes, units):
    os.mkdir(folder)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, (values, slope) in enumerate(zip(volume, slopes)):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = PET, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "PT", "1", "Phantom", "HFS", "PET"
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.Units, d.DecayCorrection, d.SeriesType, d.NumberOfSlices, d.ImageIndex = units, "START", ["STATIC", "IMAGE"], len(volume), k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.RescaleIntercept, d.RescaleSlope = [2, 2], 3, 0, slope
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.PixelData = np.round(values / slope).astype("<u2").tobytes()
        d.save_as(f"{folder}/{k:03d}.dcm", enforce_file_format=True)

def peaks(folder):
    """The peak of each slice, and the type of the volume."""
    with contextlib.redirect_stdout(io.StringIO()):
        read = imageio.volread(folder, "DICOM")
    inside = read[:, 16, 16]
    return np.round(inside.astype(float), 2).tolist(), str(read.dtype)

def volume(*values):
    made = np.zeros((len(values), 32, 32))
    made[:, 8:24, 8:24] = np.array(values)[:, None, None]
    return made

cases = {
    "SUV, first slice empty": ((0, 0.9, 9.5, 0.9), (1, 0.001, 0.001, 0.001), "GML", "int8", [0, 0, 9, 0]),
    "SUV, no slice empty": ((0.9, 0.9, 9.5, 0.9), (0.001,) * 4, "GML", "float32", [0.9, 0.9, 9.5, 0.9]),
    "counts, 100 first": ((100, 200, 300, 900), (1,) * 4, "CNTS", "int8", [100, -56, 44, -124]),
    "counts, 900 first": ((900, 300, 200, 100), (1,) * 4, "CNTS", "int16", [900, 300, -56, 100]),
    "counts, one slice of 40,000": ((900, 300, 40000, 100), (1,) * 4, "CNTS", "int16", [900, 300, -25536, 100]),
}
for n, (name, (values, slopes, units, kind, found)) in enumerate(cases.items()):
    write(f"pet{n}", volume(*values), slopes, units)
    got, dtype = peaks(f"pet{n}")
    print(f"{name:28s} written {values}: imageio {got} in {dtype}")
    assert dtype == kind and np.allclose(got, found, atol=0.01), "imageio changed"
PY
