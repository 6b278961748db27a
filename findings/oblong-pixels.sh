#!/usr/bin/env bash
# One would guess: converters of DICOM know that Pixel Spacing gives the step between rows first, then that between columns, and put
#   oblong pixels (1.5 x 2.5 mm: SPECT and PET with a zoom, older MRI) where they belong.
# What happens: mrconvert 3.0.3 (MRtrix3), dcm2mnc 2.3.00 (minc-tools) and dcm2image 3.3.1p2 (CMTK) take them the other way round: the head
#   is 1.7 times too wide and 1.7 times too low, and a spot lies 31 mm off, without a warning. SimpleITK 2.5.7, dcm2niix
#   1.0.20260724 and dicomtonifti 0.8.14 (vtk-dicom) are right. Of square pixels all are right, and values are right in all.
# For an MRI with a PET: a head squeezed so is no rigid motion; a registration that allows scaling "mends" it. (rt-utils and pycerr do the
#   same to contours: rtstruct-masks.sh.) Compare the voxel size with the header's. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'h5py==3.16.0' 'pydicom==3.0.2' 'numpy==2.4.6'
packages="mrtrix3=3.0.3-3+b1 minc-tools=2.3.00+dfsg-10 cmtk=3.3.1p2+dfsg-2+b1 vtk-dicom-tools=0.8.14-3.1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages libdcmtk17 | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages libdcmtk17} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
env/bin/python -W ignore - <<'PY'
import glob, os, subprocess
import dcm2niix, nibabel, numpy as np, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage as MR, generate_uid

across, down, step, origin = 1.5, 2.5, 4.0, np.array((-24.0, -50.0, -40.0))  # mm, LPS
columns, rows, slices, spot = 32, 40, 20, (9, 30, 13)
os.mkdir("dicom")
study, series, frame = generate_uid(), generate_uid(), generate_uid()
for k in range(slices):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, MR, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = MR, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
    d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "MR", "1", "Phantom", "HFS", "T1"
    d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
    d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
    d.ScanningSequence, d.SequenceVariant, d.EchoTime, d.RepetitionTime, d.SliceLocation = "GR", "SP", 3, 10, origin[2] + step * k
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [float(v) for v in origin + (0, 0, step * k)]
    d.PixelSpacing, d.SliceThickness = [down, across], step  # DICOM: between rows, then between columns
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = rows, columns, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    pixels = np.full((rows, columns), 100, "<u2")
    pixels[spot[1], spot[0]] = 1000 if k == spot[2] else 100
    d.PixelData = pixels.tobytes()
    d.save_as(f"dicom/{k:03d}.dcm", enforce_file_format=True)

def run(*command):
    own = command[0].startswith("root/")
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"]) if own else None)

os.mkdir("minc")
run(dcm2niix.bin, "-f", "dcm2niix", "-o", ".", "dicom")
run("root/usr/bin/mrconvert", "dicom", "mrconvert.nii", "-quiet")
run("root/usr/bin/dicomtonifti", "-o", "dicomtonifti.nii", "dicom")
run("root/usr/lib/cmtk/bin/dcm2image", "-O", "dcm2image%n.nii", "dicom")
run("root/usr/bin/dcm2mnc", "dicom", "minc")
image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("dicom"))
sitk.WriteImage(image, "SimpleITK.nii")
truth = (origin + np.multiply(spot, (across, down, step))) * (-1, -1, 1)
off = {}
for tool in ("SimpleITK", "dcm2niix", "dicomtonifti", "mrconvert", "dcm2image", "dcm2mnc"):
    found = nibabel.load((glob.glob(f"{tool}*.nii*") + glob.glob("minc/**/*.mnc", recursive=True))[0])
    values = found.get_fdata()
    assert round(values.max()) == 1000, f"{tool}: other values"
    off[tool] = float(np.linalg.norm((found.affine @ [*np.unravel_index(values.argmax(), values.shape), 1])[:3] - truth))
    print(f"{tool:13s} voxels {[round(float(v), 2) for v in found.header.get_zooms()[:3]]} mm, spot {off[tool]:5.1f} mm off")
assert max(off[t] for t in ("SimpleITK", "dcm2niix", "dicomtonifti")) < 0.1, "one that was right changed"
assert min(off[t] for t in ("mrconvert", "dcm2image", "dcm2mnc")) > 25, "mrconvert, CMTK or dcm2mnc changed"
PY
