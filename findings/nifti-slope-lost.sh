#!/usr/bin/env bash
# One would guess: converters from NIfTI apply scl_slope, or carry it over where the other format has a place for it; a PET in int16 with a
#   slope is what SPM, dcm2niix and nibabel write.
# What happens, with stored numbers up to 20,000 and a slope of 0.05 (a PET up to 1,000 in its units): niftitodicom 0.8.14 (vtk-dicom) writes
#   20,000 into a DICOM file without Rescale Slope. convertx 3.3.1p2 (CMTK) writes 20,000 into NRRD and into NIfTI.
#   mrconvert 3.0.3 (MRtrix3) gives 1,000 in NIfTI and its own formats,
#   and 20,000 in MGZ, which has no slope. plastimatch 1.9.4 is right. Nothing warns. Places are right in all.
# For an MRI with a PET: SUV or Bq/ml off by a factor that differs from file to file, as the slope follows the maximum of each: a
#   follow-up compares noise. Save as float32 with slope 1 before converting. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'nibabel==5.4.2' 'numpy==2.4.6'
packages="mrtrix3=3.0.3-3+b1 cmtk=3.3.1p2+dfsg-2+b1 vtk-dicom-tools=0.8.14-3.1 plastimatch=1.9.4+dfsg.2-0+deb12u1"
# shellcheck disable=SC2086
wanted=$(apt-get install -s --no-install-recommends $packages | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-$packages} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
DCMDICTPATH=$(find "$work/root" -name dicom.dic | head -1)
export LIBRARIES DCMDICTPATH
env/bin/python -W ignore - <<'PY'
import glob, os, subprocess
import nibabel, numpy as np, SimpleITK as sitk

stored = np.zeros((20, 24, 12), np.int16)
stored[4:16, 6:18, 2:10], stored[6:8, 14:16, 7] = 3000, 20000
affine = np.array([[2.0, 0, 0, -20], [0, 2, 0, -30], [0, 0, 4, 10], [0, 0, 0, 1]])
image = nibabel.Nifti1Image(stored, affine)
image.set_qform(affine, 1)
image.set_sform(affine, 1)
image.header.set_slope_inter(0.05, 0)
image.to_filename("pet.nii")
raw = bytearray(open("pet.nii", "rb").read())
raw[112:116] = np.float32(0.05).tobytes()  # scl_slope: nibabel leaves it out for integers that are saved as they are
open("pet.nii", "wb").write(raw)

def run(*command):
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"]))

def volume(pattern):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(pattern) if os.path.isdir(pattern) else glob.glob(pattern)
    return sitk.ReadImage(names if len(names) > 1 else names[0])

run("root/usr/bin/niftitodicom", "-o", "dicom", "pet.nii")
run("root/usr/lib/cmtk/bin/convertx", "pet.nii", "convertx.nrrd")
run("root/usr/lib/cmtk/bin/convertx", "pet.nii", "convertx.nii")
run("root/usr/bin/mrconvert", "pet.nii", "mrconvert.nii", "-quiet")
run("root/usr/bin/mrconvert", "pet.nii", "mrconvert.mgz", "-quiet")
run("root/usr/bin/plastimatch", "convert", "--input", "pet.nii", "--output-img", "plastimatch.nrrd", "--output-type", "float")
top = {"pet.nii as nibabel reads it": float(nibabel.load("pet.nii").get_fdata().max())}
for name in ("pet.nii", "plastimatch.nrrd", "mrconvert.nii", "dicom", "convertx.nrrd", "convertx.nii*"):
    top[name] = float(sitk.GetArrayFromImage(volume(name)).max())
top["mrconvert.mgz"] = float(nibabel.load("mrconvert.mgz").get_fdata().max())
for name, value in top.items():
    print(f"{name:27s} maximum {value:8.0f}")
for name in ("pet.nii as nibabel reads it", "pet.nii", "plastimatch.nrrd", "mrconvert.nii"):
    assert abs(top[name] - 1000) < 1, f"{name} changed"
for name in ("dicom", "convertx.nrrd", "convertx.nii*", "mrconvert.mgz"):
    assert top[name] == 20000, f"{name} changed"
PY
