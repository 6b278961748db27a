#!/usr/bin/env bash
# One would guess: a folder that holds two series (two persons, or an MRI and its PET: a disc from another hospital, an export of a worklist)
#   is refused by programs that read "a folder as a volume", or the choice is said; and it stays the same for a copy of the folder.
# What happens: SimpleITK 2.5.7 (GetGDCMSeriesFileNames), itk 5.4.7 (imread), TorchIO 1.2.1, pyvista 0.49.1, imageio 2.38.1 and plastimatch
#   1.9.4 give the series whose Series Instance UID comes first, without a word of the other one (imageio prints their number): of Anna and
#   Bert, Anna; with other UIDs, as every de-identification makes them, Bert. dicomtonifti 0.8.14 (vtk-dicom) and antspyx 0.6.3 put both into ONE
#   volume: where Bert's slices lie above Anna's, it is one body of twice the height. dcm2niix 1.0.20260724 writes two files;
#   highdicom 0.28.2, dicom2nifti 2.6.2 and dicom-numpy 0.6.5 refuse.
# For an MRI with a PET: the MRI is another person's than the PET, and changes with the copy; nothing in the picture tells. Sort by UID,
#   compare Patient ID and modality, and give files, not folders. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itk-io==5.4.7' 'torchio==1.2.1' 'torch==2.13.0' 'pyvista==0.49.1' 'vtk==9.7.2' 'imageio==2.38.1' \
    'antspyx==0.6.3' 'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'dicom2nifti==2.6.2' 'dicom-numpy==0.6.5' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.3.5'
packages="vtk-dicom-tools=0.8.14-3.1 plastimatch=1.9.4+dfsg.2-0+deb12u1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
OMP_NUM_THREADS=1 env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import contextlib, glob, io, os, shutil, subprocess
import ants, dcm2niix, dicom2nifti, dicom_numpy, highdicom, imageio, itk, nibabel, numpy as np, pydicom, pyvista, SimpleITK as sitk, torchio as tio
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage as MR, generate_uid

def write(person, gray, series, bottom):
    study, frame = generate_uid(), generate_uid()
    for k in range(6):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, MR, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = MR, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "MR", person, person, "HFS", "T1"
        d.PatientBirthDate, d.PatientSex, d.AccessionNumber, d.StudyID, d.ReferringPhysicianName = "", "", "", "", ""
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.ScanningSequence, d.SequenceVariant, d.EchoTime, d.RepetitionTime = "GR", "SP", 3, 10
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, bottom + 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.SliceLocation = [2, 2], 3, bottom + 3.0 * k
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.PixelData = np.full((32, 32), gray, "<u2").tobytes()
        d.save_as(f"two/{person}{k}.dcm", enforce_file_format=True)

def tool(*command):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(command, check=True, capture_output=True, env=own)
    return nibabel.load("out.nii").get_fdata()

def converted():
    shutil.rmtree("nifti", ignore_errors=True)
    os.mkdir("nifti")
    subprocess.run([dcm2niix.bin, "-f", "%p", "-o", "nifti", "two"], check=True, capture_output=True)
    return [nibabel.load(name).get_fdata() for name in glob.glob("nifti/*.nii*")]

def refuses(read, error):
    try:
        read()
    except error:
        return True
    return False

grays = {100: "Anna", 900: "Bert"}
for first, second in (("1", "2"), ("2", "1")):
    shutil.rmtree("two", ignore_errors=True)
    os.mkdir("two")
    write("Anna", 100, f"1.2.3.{first}", 0)
    write("Bert", 900, f"1.2.3.{second}", 18)
    with contextlib.redirect_stdout(io.StringIO()):
        volumes = {
            "SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("two"))),
            "itk.imread": itk.array_from_image(itk.imread("two")),
            "TorchIO": tio.ScalarImage("two").data[0].numpy(),
            "pyvista": np.asarray(pyvista.DICOMReader("two").read().point_data.active_scalars).reshape(-1, 32, 32),
            "imageio": imageio.volread("two", "DICOM"),
            "plastimatch": tool("root/usr/bin/plastimatch", "convert", "--input", "two", "--output-img", "out.nii"),
            "dicomtonifti": tool("root/usr/bin/dicomtonifti", "-o", "out.nii", "two"),
            "antspyx": ants.dicom_read("two").numpy(),
        }
    print("Series Instance UID of Anna ends in", first, "of Bert in", second)
    for name, volume in volumes.items():
        who = [grays[int(gray)] for gray in np.unique(volume)]
        print(f"  {name:12s} {volume.size // 1024:2d} slices of {' and '.join(who)}")
        both = name in ("dicomtonifti", "antspyx")
        assert who == (["Anna", "Bert"] if both else ["Anna" if first == "1" else "Bert"]), f"{name} changed"
        assert volume.size == (12 if both else 6) * 1024, f"{name} changed"
    assert sorted(np.unique(volume).tolist() for volume in converted()) == [[100.0], [900.0]], "dcm2niix changed"
    slices = [pydicom.dcmread(name) for name in sorted(glob.glob("two/*"))]
    assert refuses(lambda: highdicom.get_volume_from_series(slices), ValueError), "highdicom changed"
    assert refuses(lambda: dicom2nifti.dicom_series_to_nifti("two", "no.nii"), dicom2nifti.exceptions.ConversionError), "dicom2nifti changed"
    assert refuses(lambda: dicom_numpy.combine_slices(slices), dicom_numpy.DicomImportException), "dicom-numpy changed"
    print("  dcm2niix writes two files; highdicom, dicom2nifti and dicom-numpy refuse")
PY
