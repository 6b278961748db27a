#!/usr/bin/env bash
# One would guess: a PET whose Rescale Slope is a whole number is the easiest of all: stored integers times 2.
# What happens: four readers then keep 16 bits for the product. dicomtonifti 0.8.14 (vtk-dicom) and dcm2image 3.3.1p2 (CMTK) cut it at 32,767;
#   VTK 9.7.2 (so pyvista 0.49.1) and imageio 2.38.1 let it wrap: a lesion of 60,000 Bq/ml in signed integers with slope 2 reads 32,767 or
#   -5,536, one of 40,000 reads 32,767 or -25,536. No warning. With slope 2.5 all are right here. SimpleITK 2.5.7, dicom2nifti 2.6.2,
#   plastimatch 1.9.4 and dcm2mnc 2.3.00 are right with both.
# For an MRI with a PET: brain at 5,000 is right everywhere, so that nothing looks wrong but the lesion, which is capped or is the coldest
#   place; SUVmax and its change in a follow-up are the number type's. Compare the maximum with the header's slope times the largest
#   stored value. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pyvista==0.49.1' 'vtk==9.7.2' 'imageio==2.38.1' 'SimpleITK==2.5.7' 'dicom2nifti==2.6.2' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
packages="minc-tools=2.3.00+dfsg-10 cmtk=3.3.1p2+dfsg-2+b1 vtk-dicom-tools=0.8.14-3.1 plastimatch=1.9.4+dfsg.2-0+deb12u1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages libdcmtk17 | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages libdcmtk17} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import contextlib, glob, io, os, subprocess
import dicom2nifti, imageio, nibabel, numpy as np, pyvista, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

def write(folder, volume, slope):
    os.mkdir(folder)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, values in enumerate(volume):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = PET, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "PT", "1", "Phantom", "HFS", "PET"
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.Units, d.DecayCorrection, d.SeriesType, d.NumberOfSlices, d.ImageIndex = "BQML", "START", ["STATIC", "IMAGE"], len(volume), k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.SliceLocation, d.RescaleIntercept, d.RescaleSlope = [2, 2], 3, 3.0 * k, 0, slope
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.PixelData = np.round(values / slope).astype("<i2").tobytes()
        d.save_as(f"{folder}/{k:03d}.dcm", enforce_file_format=True)

def run(*command):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(command, check=True, capture_output=True, env=own)

def read(folder):
    """What each tool makes of the series: the values at the brain and at both lesions."""
    run("root/usr/bin/dicomtonifti", "-o", f"{folder}-vtkdicom.nii", folder)
    run("root/usr/lib/cmtk/bin/dcm2image", "-O", f"{folder}-cmtk%n.nii", folder)
    os.mkdir(f"{folder}-minc")
    run("root/usr/bin/dcm2mnc", folder, f"{folder}-minc")
    run("root/usr/bin/plastimatch", "convert", "--input", folder, "--output-img", f"{folder}-plastimatch.nii")
    dicom2nifti.dicom_series_to_nifti(folder, f"{folder}-dicom2nifti.nii", reorient_nifti=False)
    yield "dicomtonifti", nibabel.load(f"{folder}-vtkdicom.nii").get_fdata()
    yield "dcm2image", nibabel.load(glob.glob(f"{folder}-cmtk*.nii*")[0]).get_fdata()
    yield "VTK", np.asarray(pyvista.DICOMReader(folder).read().point_data.active_scalars)
    with contextlib.redirect_stdout(io.StringIO()):
        volume = imageio.volread(folder, "DICOM")
    yield "imageio", volume
    yield "SimpleITK", sitk.GetArrayFromImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)))
    yield "dicom2nifti", nibabel.load(f"{folder}-dicom2nifti.nii").get_fdata()
    yield "plastimatch", nibabel.load(f"{folder}-plastimatch.nii").get_fdata()
    yield "dcm2mnc", nibabel.load(glob.glob(f"{folder}-minc/**/*.mnc", recursive=True)[0]).get_fdata()

pet = np.zeros((10, 32, 32))
pet[:, 8:24, 8:24], pet[6, 12:14, 12:14], pet[4, 18:20, 18:20] = 5000, 60000, 40000
truth = [0, 5000, 40000, 60000]
found = {"dicomtonifti": [0, 5000, 32767], "dcm2image": [0, 5000, 32767], "VTK": [-25536, -5536, 0, 5000], "imageio": [-25536, -5536, 0, 5000]}
for slope in (2, 2.5):
    write(f"pet{slope}", pet, slope)
    for tool, values in read(f"pet{slope}"):
        seen = np.unique(np.round(values)).tolist()
        print(f"slope {slope}: {tool:12s} {seen}")
        assert np.allclose(seen, found.get(tool, truth) if slope == 2 else truth), f"{tool} changed"
PY
