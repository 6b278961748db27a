#!/usr/bin/env bash
# One would guess: mrconvert of MRtrix3, which scales every slice of a PET by its own Rescale Slope, reads Pixel Representation, too: PET,
#   subtraction images and many a CT are stored as signed integers.
# What happens: MRtrix3 3.0.3 takes signed integers for unsigned ones. Voxels a little below zero (FBP, scatter correction, noise around
#   a head) become the hottest: -700 Bq/ml reads 81,220 where the lesion has 40,000. Air of a CT stored as -1000 reads 64,536. The
#   NIfTI file that is written looks in order, and nothing warns. SimpleITK 2.5.7 and dcm2niix 1.0.20260724 are right.
# For an MRI with a PET: the maximum of the image, and with it each window, comes from noise; the brain is black. Convert with another tool, or
#   subtract 65,536 slopes where values exceed 32,767 slopes. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
version=3.0.3-3+b1
wanted=$(apt-get install -s --no-install-recommends "mrtrix3=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-mrtrix3="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - <<'PY'
import os, subprocess
import dcm2niix, nibabel, numpy as np, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage as CT, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

def write(folder, volume, kind, modality, slopes):
    os.mkdir(folder)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, (values, slope) in enumerate(zip(volume, slopes)):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, kind, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = kind, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = modality, "1", "Phantom", "HFS", modality
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY", "AXIAL"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        if modality == "PT":
            d.Units, d.DecayCorrection, d.SeriesType, d.NumberOfSlices, d.ImageIndex = "BQML", "START", ["STATIC", "IMAGE"], len(volume), k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.SliceLocation = [2, 2], 3, 3.0 * k
        d.RescaleIntercept, d.RescaleSlope = 0, slope
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.PixelData = np.round(values / slope).astype("<i2").tobytes()
        d.save_as(f"{folder}/{k:03d}.dcm", enforce_file_format=True)

pet = np.zeros((10, 32, 32))
pet[:, 8:24, 8:24], pet[6, 12:14, 12:14], pet[5:7, 2:4, 2:4] = 5000, 40000, -700
write("pet", pet, PET, "PT", [1.25] * 10)
ct = np.full((10, 32, 32), -1000.0)
ct[:, 8:24, 8:24] = 40
write("ct", ct, CT, "CT", [1] * 10)
for name, volume in (("pet", pet), ("ct", ct)):
    subprocess.run([dcm2niix.bin, "-f", f"{name}-dcm2niix", "-o", ".", name], check=True, capture_output=True)
    sitk.WriteImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(name)), f"{name}-SimpleITK.nii")
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(["root/usr/bin/mrconvert", name, f"{name}-mrconvert.nii", "-quiet"], check=True, env=own)
    for tool in ("SimpleITK", "dcm2niix", "mrconvert"):
        values = nibabel.load(f"{name}-{tool}.nii").get_fdata()
        print(f"{name:3s} of {volume.min():6.0f} to {volume.max():6.0f}: {tool:9s} {values.min():8.0f} to {values.max():8.0f}")
        if tool != "mrconvert":
            assert np.allclose((values.min(), values.max()), (volume.min(), volume.max()), atol=1), f"{tool} changed"
        elif name == "pet":
            assert abs(values.max() - (65536 * 1.25 - 700)) < 2 and values.min() == 0, "mrconvert changed"
        else:
            assert values.max() == 64536 and values.min() == 40, "mrconvert changed"
PY
