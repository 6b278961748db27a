#!/usr/bin/env bash
# One would guess: `plastimatch convert --spacing "2 2 2"` resamples the whole image to voxels of 2 mm, as `plastimatch resample --spacing` does.
# What happens with 1.9.4 (Debian 12): it keeps the NUMBER of voxels and the first voxel's center. An MRI of 60 x 72 x 24 voxels of 1.1 x 0.9 x 4 mm
#   comes out as 60 x 72 x 24 voxels of 2 mm: 48 of 96 mm, the upper half of the head is cut off, and the sides are padded. What is
#   left lies where it was, oblique or not. A lesion in the upper half is gone; exit status 0, no warning. `resample --spacing` is
#   right; so is convert with the fitting --dim.
# For an MRI with a PET: "both at 2 mm" leaves an MRI of which half is missing, or a PET without its lesion. Use resample, and compare the
#   extent in mm before and after. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'numpy==2.4.6'
version=1.9.4+dfsg.2-0+deb12u1
wanted=$(apt-get install -s --no-install-recommends "plastimatch=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-plastimatch="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - <<'PY'
import os, subprocess
import nibabel, numpy as np

shape, spacing = (60, 72, 24), (1.1, 0.9, 4.0)
angle = np.deg2rad(20)
turned = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])

def run(*words):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    done = subprocess.run(["root/usr/bin/plastimatch", *words], check=True, capture_output=True, env=own, text=True)
    assert "arning" not in done.stdout + done.stderr, "plastimatch now warns"

def seen(path, lesions, affine):
    """Shape, voxel size, and for each lesion whether it is there (and how far off, mm)."""
    image = nibabel.load(path)
    values, found = image.get_fdata(), {}
    for name, (voxel, gray) in lesions.items():
        place = (affine @ [*voxel, 1])[:3]
        near = np.argwhere(np.abs(values - gray) < 40)
        off = float(np.linalg.norm(nibabel.affines.apply_affine(image.affine, near).mean(axis=0) - place)) if len(near) else None
        found[name] = off
    return image.shape, tuple(round(float(z), 2) for z in image.header.get_zooms()), found

lesions = {"low": ((20, 30, 5), 600), "high": ((20, 30, 19), 1000)}
for name, axes in (("straight", np.eye(3)), ("oblique", turned)):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes @ np.diag(spacing), (-30, -40, -50)
    values = np.full(shape, 100, np.float32)
    for (i, j, k), gray in lesions.values():
        values[i - 4 : i + 5, j - 5 : j + 6, k - 1 : k + 2] = gray
    nibabel.Nifti1Image(values, affine).to_filename("mri.nii")
    run("convert", "--input", "mri.nii", "--output-img", "convert.nii", "--spacing", "2 2 2")
    run("resample", "--input", "mri.nii", "--output", "resample.nii", "--spacing", "2 2 2")
    for tool in ("convert", "resample"):
        size, zooms, found = seen(f"{tool}.nii", lesions, affine)
        print(f"{name:8s} {tool:8s}: {size} voxels of {zooms} mm;", ", ".join(f"{n} lesion " + ("gone" if off is None else f"{off:.1f} mm off") for n, off in found.items()))
        if tool == "resample":
            assert all(off is not None and off < 1.5 for off in found.values()), "plastimatch resample changed"
        else:
            assert size == shape and zooms == (2, 2, 2), "plastimatch convert changed"
            assert found["high"] is None, "the lesion is there now"
            assert name == "oblique" or (found["low"] is not None and found["low"] < 1.5), "what is left lies elsewhere"
    if name == "straight":
        run("convert", "--input", "mri.nii", "--output-img", "dim.nii", "--spacing", "2 2 2", "--dim", "33 33 48")
        size, zooms, found = seen("dim.nii", lesions, affine)
        print("straight convert --dim:", size, found)
        assert all(off is not None and off < 1.5 for off in found.values()), "convert with --dim changed"
PY
