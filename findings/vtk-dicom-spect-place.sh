#!/usr/bin/env bash
# One would guess: dicomtonifti (vtk-dicom), which is right about the place of CT, MR, PET and enhanced objects, puts a reconstructed SPECT
#   where its Detector Information Sequence says, which is where NM objects keep position and orientation.
# What happens with 0.8.14 (Debian 12): it reads neither. The voxel size is right, the first voxel lies at 0, 0, 0, and slices run upwards, also where
#   Spacing Between Slices is negative (they then run down, DICOM C.8.4.15): the hot spot lies 105 mm off, and with a negative
#   spacing the volume is upside down besides. The NIfTI's codes (1 and 2) claim a known place. SimpleITK 2.5.7 and plastimatch 1.9.4
#   (given the file) are right with both.
# For an MRI with a SPECT: no overlap at all, or a registration that starts from a mirrored head. Convert with SimpleITK. (dcm2niix:
#   nm-negative-slice-spacing.sh. Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
packages="vtk-dicom-tools=0.8.14-3.1 plastimatch=1.9.4+dfsg.2-0+deb12u1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
env/bin/python -W ignore - <<'PY'
import os, subprocess
import nibabel, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage as NM, generate_uid

spots = {1000: (9, 6, 4), 500: (9, 6, 12)}  # counts: column, row, frame

def write(path, step):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, NM, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = NM, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.Modality, d.ImageType, d.SeriesNumber, d.InstanceNumber = "NM", ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], 1, 1
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
    for counts, (i, j, k) in spots.items():
        pixels[k, j, i] = counts
    d.PixelData = pixels.tobytes()
    d.save_as(path, enforce_file_format=True)

def places(path):
    """Where the two spots are (LPS mm)."""
    image = nibabel.load(path)
    values = np.squeeze(image.get_fdata())
    return [(image.affine @ [*np.argwhere(values == counts)[0], 1])[:3] * (-1, -1, 1) for counts in spots], image

def run(*command):
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"]))

for step in (4.0, -4.0):
    folder = f"step{step:+.0f}"
    os.mkdir(folder)
    write(f"{folder}/spect.dcm", step)
    truth = [np.array((-60 + 4 * i, -70 + 4 * j, 50 + step * k)) for i, j, k in spots.values()]
    run("root/usr/bin/dicomtonifti", "-o", f"{folder}-dicomtonifti.nii", folder)
    run("root/usr/bin/plastimatch", "convert", "--input", f"{folder}/spect.dcm", "--output-img", f"{folder}-plastimatch.nii")
    sitk.WriteImage(sitk.ReadImage(f"{folder}/spect.dcm"), f"{folder}-SimpleITK.nii")
    for tool in ("SimpleITK", "plastimatch", "dicomtonifti"):
        found, image = places(f"{folder}-{tool}.nii")
        off = [float(np.linalg.norm(a - b)) for a, b in zip(found, truth)]
        up, meant = float(found[1][2] - found[0][2]), float(truth[1][2] - truth[0][2])
        print(f"Spacing Between Slices {step:+.0f}: {tool:12s} spots {off[0]:5.1f} and {off[1]:5.1f} mm off; from one to the other {up:+.0f} mm upwards, meant {meant:+.0f}")
        if tool == "dicomtonifti":
            codes = int(image.header["qform_code"]), int(image.header["sform_code"])
            print("   its qform and sform codes:", codes)
            assert codes == (1, 2) and min(off) > 50 and up == 32, "dicomtonifti changed"
        else:
            assert max(off) < 0.1, f"{tool} changed"
PY
