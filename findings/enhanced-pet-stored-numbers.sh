#!/usr/bin/env bash
# One would guess: pydicom's apply_rescale and apply_modality_lut give the Bq/ml of a multi-frame PET, whose slopes stand frame by frame in the
#   functional groups, or raise an error that says that they do not.
# What happens, with a series converted by highdicom 0.28.2 (slices of 1,000 to 6,000 Bq/ml): pydicom 3.0.2 returns the stored integers, without
#   a word: 2,000 to 24,000, with 4,000 and 5,000 alike. dcm2mnc 2.3.00 gives the same numbers. imageio 2.38.1 gives them, too, with
#   voxels of 1 x 1 x 1 mm. Of the classic series all are right. dicomtonifti 0.8.14, dicom2nifti 2.6.2 and highdicom scale each frame by its
#   own slope (others take one for all: enhanced-pet-slope-per-frame.sh).
# For an MRI with a PET: the lines of code that are right for the classic series give a plausible head of wrong uptake once an archive
#   converts. Look for PerFrameFunctionalGroupsSequence before you scale. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pydicom==3.0.2' 'highdicom==0.28.2' 'imageio==2.38.1' 'dicom2nifti==2.6.2' 'nibabel==5.4.2' 'numpy==2.4.6'
packages="minc-tools=2.3.00+dfsg-10 vtk-dicom-tools=0.8.14-3.1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import contextlib, glob, io, os, subprocess
import dicom2nifti, highdicom, imageio, nibabel, numpy as np, pydicom
from highdicom.legacy import LegacyConvertedEnhancedPETImage
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_rescale
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

series, study, frame = generate_uid(), generate_uid(), generate_uid()
slopes, truth = [0.5, 0.6, 0.7, 0.8, 1.0, 0.25], 1000.0 * np.arange(1, 7)
slices = []
for k, slope in enumerate(slopes):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = PET, meta.MediaStorageSOPInstanceUID, series, study, frame
    d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex, d.PatientPosition = "1", "Phantom", "", "", "HFS"
    d.AccessionNumber = d.StudyID = d.ReferringPhysicianName = d.Manufacturer = d.PositionReferenceIndicator = ""
    d.Modality, d.Units, d.SeriesNumber, d.InstanceNumber = "PT", "BQML", 1, 1 + k
    d.SeriesType, d.NumberOfSlices, d.ImageIndex, d.ImageType = ["STATIC", "IMAGE"], 6, 1 + k, ["ORIGINAL", "PRIMARY"]
    d.AcquisitionDate = d.SeriesDate = d.StudyDate = "20260301"
    d.AcquisitionTime = d.SeriesTime = d.StudyTime = "120000"
    d.FrameReferenceTime, d.ActualFrameDuration = 150000, 300000
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-60, -70, 50 + 5.0 * k]
    d.PixelSpacing, d.SliceThickness, d.SliceLocation = [4, 4], 5, 50 + 5.0 * k
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 20, 24, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.RescaleIntercept, d.RescaleSlope = 0, slope
    d.PixelData = np.full((20, 24), round(truth[k] / slope), "<u2").tobytes()
    slices.append(d)
os.makedirs("classic")
os.makedirs("enhanced")
for k, d in enumerate(slices):
    d.save_as(f"classic/{k}.dcm", enforce_file_format=True)
LegacyConvertedEnhancedPETImage(slices, generate_uid(), 2, generate_uid(), 1).save_as("enhanced/pet.dcm")

def run(*command):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(command, check=True, capture_output=True, env=own)

def upward(image):
    """The values of the slices from the feet up."""
    values, axis = image.get_fdata(), int(np.argmax(np.abs(image.affine[2, :3])))
    values = np.moveaxis(values, axis, 0)[:, 3, 3]
    return values if image.affine[2, axis] > 0 else values[::-1]

def read(folder):
    files = [pydicom.dcmread(name) for name in sorted(glob.glob(folder + "/*"))]
    for name, function in (("apply_rescale", apply_rescale), ("apply_modality_lut", apply_modality_lut)):
        parts = [np.atleast_3d(function(d.pixel_array, d)).reshape(-1, 20, 24)[:, 3, 3] for d in files]
        flat = np.concatenate(parts)
        yield "pydicom " + name, flat if folder == "classic" else flat[::-1]  # frames are stored from the head down
    os.mkdir(folder + "-minc")
    run("root/usr/bin/dcm2mnc", folder, folder + "-minc")
    yield "dcm2mnc", upward(nibabel.load(glob.glob(folder + "-minc/**/*.mnc", recursive=True)[0]))
    with contextlib.redirect_stdout(io.StringIO()):
        volume = imageio.volread(folder, "DICOM")
    print(f"  imageio's voxels: {tuple(float(v) for v in volume.meta['sampling'])} mm")
    assert (tuple(volume.meta["sampling"]) == (1, 1, 1)) == (folder == "enhanced"), "imageio changed its voxels"
    yield "imageio", volume[:, 3, 3] if folder == "classic" else volume[::-1, 3, 3]
    run("root/usr/bin/dicomtonifti", "-o", folder + "-v.nii", folder)
    yield "dicomtonifti", upward(nibabel.load(folder + "-v.nii"))
    dicom2nifti.dicom_series_to_nifti(folder, folder + "-d.nii", reorient_nifti=False)
    yield "dicom2nifti", upward(nibabel.load(folder + "-d.nii"))
    if folder == "enhanced":
        volume = highdicom.imread("enhanced/pet.dcm").get_volume()
        yield "highdicom", volume.array[:: 1 if volume.affine[2, 0] > 0 else -1, 3, 3]

stored = np.round(truth / slopes)
for folder in ("classic", "enhanced"):
    print(folder, "series of", truth.astype(int).tolist())
    for tool, values in read(folder):
        raw = folder == "enhanced" and tool.split()[0] in ("pydicom", "dcm2mnc", "imageio")
        print(f"  {tool:27s}", np.round(np.asarray(values, float)).astype(int).tolist())
        assert np.allclose(values, stored if raw else truth, atol=1), f"{tool} changed"
PY
