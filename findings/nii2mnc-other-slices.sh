#!/usr/bin/env bash
# One would guess: nii2mnc (minc-tools), which puts axial NIfTI volumes where they belong, mirrored and oblique ones among them, does so for
#   sagittal ones, too: the usual T1-weighted MRI.
# What happens with 2.3.00: sagittal and coronal volumes are right where all three axes run upwards (right, front, top). With an axis
#   that runs backwards (as dcm2niix writes them: front to back, top to bottom) a spot lies 68 to 110 mm off, in oblique ones 140 to 197 mm.
#   mnc2nii of the result brings the wrong place back into NIfTI. Values are right, axial volumes are, mirrored and oblique ones too,
#   and nothing warns.
# For an MRI with a PET: an MRI that went through MINC lies beside the PET, in the same frame of reference by name. Reorient to
#   the closest axial storage first (nibabel.as_closest_canonical), and compare a landmark after. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'h5py==3.16.0' 'numpy==2.4.6' 'scipy==1.17.1'
version=2.3.00+dfsg-10
wanted=$(apt-get install -s --no-install-recommends "minc-tools=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-minc-tools="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - <<'PY'
import os, subprocess
import nibabel, numpy as np
from scipy.spatial.transform import Rotation

environment = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"], PATH=os.path.abspath("root/usr/bin") + ":" + os.environ["PATH"])
turned = Rotation.from_euler("xyz", (8, -12, 15), degrees=True).as_matrix()
axial = np.zeros((30, 36, 14), np.float32)
axial[6:24, 6:30, 1:13], axial[5:9, 20:24, 9:11] = 50, 1000

def off(order, signs, turn):
    """Distance in mm of the hot spot after nii2mnc, and after mnc2nii of that, for a volume stored so."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn @ np.diag(np.multiply((1.1, 0.9, 4.0), signs)), (-30, 40, 15)
    image = nibabel.Nifti1Image(axial.transpose(order), affine[:, [*order, 3]])
    image.set_qform(image.affine, 1)
    image.to_filename("in.nii")
    for file in ("out.mnc", "back.nii"):
        if os.path.exists(file):
            os.remove(file)
    for command in (("nii2mnc", "-quiet", "in.nii", "out.mnc"), ("mnc2nii", "-quiet", "out.mnc", "back.nii")):
        subprocess.run(command, check=True, capture_output=True, env=environment)
    places = []
    for file in ("in.nii", "out.mnc", "back.nii"):
        found = nibabel.load(file)
        values = found.get_fdata()
        assert abs(values.max() - 1000) < 1
        places.append((found.affine @ [*np.argwhere(values > 900).mean(0), 1])[:3])
    return [float(np.linalg.norm(p - places[0])) for p in places[1:]]

ups, back, down, straight = (1, 1, 1), (1, -1, 1), (1, 1, -1), np.eye(3)
sagittal, coronal = (1, 2, 0), (0, 2, 1)
cases = {
    "axial": ((0, 1, 2), ups, straight), "axial, left to right": ((0, 1, 2), (-1, 1, 1), straight), "axial, oblique": ((0, 1, 2), ups, turned),
    "sagittal": (sagittal, ups, straight), "sagittal, front to back": (sagittal, back, straight), "sagittal, top to bottom": (sagittal, down, straight),
    "sagittal, oblique": (sagittal, ups, turned), "coronal": (coronal, ups, straight), "coronal, top to bottom": (coronal, down, straight),
    "coronal, oblique": (coronal, ups, turned),
}
found = {name: off(*case) for name, case in cases.items()}
for name, (minc, again) in found.items():
    print(f"{name:24s} MINC {minc:6.1f} mm off, back in NIfTI {again:6.1f} mm off")
    wrong = not name.startswith("axial") and "," in name
    assert (min(minc, again) > 50) if wrong else (max(minc, again) < 0.1), "nii2mnc changed"
PY
