#!/usr/bin/env bash
# One would guess: plastimatch, told to write a volume as DICOM with `--modality PT`, writes PET images, as it writes CT and MR for CT and MR; and
#   with NM nuclear medicine.
# What happens with 1.9.4 (Debian 12): with PT it writes one file for each slice with the class Nuclear Medicine Image Storage, which is for
#   multi-frame objects, and the modality PT; with NM the class is CT Image Storage. Values and positions in the header are right, Units
#   are missing, the Rescale Type is HU. SimpleITK 2.5.7 knows no position for that class: the volume lies at 0, 0, 0 with slices
#   1 mm apart, a head of 56 mm pressed into 14, here 57 mm off. dcm2niix 1.0.20260724, dicom2nifti 2.6.2 and plastimatch itself are right.
# For an MRI with a PET: the tool that wrote it reads it right, so a round trip finds nothing; in 3D Slicer and in everything built on ITK
#   the PET is a flat slab beside the MRI. Write PET with another tool. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'dicom2nifti==2.6.2' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
version=1.9.4+dfsg.2-0+deb12u1
wanted=$(apt-get install -s --no-install-recommends "plastimatch=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-plastimatch="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, subprocess
import dcm2niix, dicom2nifti, nibabel, numpy as np, pydicom, SimpleITK as sitk

affine = np.diag((2.0, 2.0, 4.0, 1.0))
affine[:3, 3] = (-30, 40, 15)
values = np.full((30, 36, 14), 5000, np.float32)
values[5, 9, 4], values[20, 9, 4] = 30000, -700
nibabel.Nifti1Image(values, affine).to_filename("pet.nii")
truth = (affine @ [5, 9, 4, 1])[:3]

def plastimatch(*words):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(["root/usr/bin/plastimatch", "convert", *words], check=True, capture_output=True, env=own)

def hottest(path):
    image = nibabel.load(path)
    data = image.get_fdata()
    assert abs(data.max() - 30000) < 2 and abs(data.min() + 700) < 2, "values changed"
    return float(np.linalg.norm((image.affine @ [*np.unravel_index(data.argmax(), data.shape), 1])[:3] - truth)), image.header.get_zooms()[2]

wanted = {
    "CT": ("CT Image Storage", 0), "MR": ("MR Image Storage", 0), "PT": ("Nuclear Medicine Image Storage", 57), "NM": ("CT Image Storage", 0)
}
for modality, (kind, simpleitk) in wanted.items():
    plastimatch("--input", "pet.nii", "--output-dicom", modality, "--modality", modality)
    names = sorted(glob.glob(f"{modality}/*"))
    header = pydicom.dcmread(names[0])
    sitk.WriteImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(modality)), f"{modality}-SimpleITK.nii")
    subprocess.run([dcm2niix.bin, "-f", f"{modality}-dcm2niix", "-o", ".", modality], check=True, capture_output=True)
    dicom2nifti.dicom_series_to_nifti(modality, f"{modality}-dicom2nifti.nii", reorient_nifti=False)
    plastimatch("--input", modality, "--output-img", f"{modality}-plastimatch.nii")
    off = {tool: hottest(f"{modality}-{tool}.nii") for tool in ("SimpleITK", "dcm2niix", "dicom2nifti", "plastimatch")}
    print(f"{modality}: {len(names)} files of {header.SOPClassUID.name}, Units {header.get('Units')};", ", ".join(f"{t} {mm:.0f} mm off, slices of {z:g} mm" for t, (mm, z) in off.items()))
    assert header.SOPClassUID.name == kind and header.Modality == modality and "Units" not in header, "plastimatch changed"
    assert abs(off.pop("SimpleITK")[0] - simpleitk) < 1, "SimpleITK changed"
    assert all(mm < 0.1 for mm, _ in off.values()), "a reader changed"
PY
