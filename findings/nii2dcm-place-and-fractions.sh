#!/usr/bin/env bash
# One would guess: nii2dcm writes a NIfTI volume as a DICOM series that lies where the NIfTI lies, with its values, in 16 bits and a Rescale Slope.
# What happens with 0.1.6 (type MR): the origin is taken over without turning RAS into LPS, so that a head lies at twice its distance from the
#   isocenter on the other side (98 to 100 mm off here), and one slice too low. Directions are right, also of oblique volumes. Fractions
#   are cut: SUV 0.9 becomes 0, 2.5 becomes 2; the slope is 1. Nothing warns.
# For an MRI with a PET: a series sent to a PACS lies beside the MRI that it was made from, and a brain of SUV 0 to 12 has 12 steps.
#   Write with SimpleITK (simpleitk-dicom-wraps.sh tells how not), and read the series back.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nii2dcm==0.1.6' 'SimpleITK==2.5.7'
env/bin/python -W ignore - <<'PY'
import subprocess
import nibabel, numpy as np, SimpleITK as sitk

turn = np.deg2rad(15)
turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
spots = {2.5: (5, 9, 4), 9.5: (20, 9, 4), 6.5: (5, 28, 4), 7.5: (5, 9, 11)}  # SUV: voxel of the RAS image

def places(values, affine):
    """Where the four spots are (LPS mm), by the order of their values."""
    order = np.argsort(values.ravel())[::-1][:4]
    return {float(values.ravel()[n]): (affine @ [*np.unravel_index(n, values.shape), 1])[:3] for n in order}

for name, flip, axes in (("RAS", False, np.eye(3)), ("LAS", True, np.eye(3)), ("oblique RAS", False, turned)):
    values, affine = np.full((30, 36, 14), 0.9, np.float32), np.eye(4)
    for suv, voxel in spots.items():
        values[voxel] = suv
    affine[:3, :3], affine[:3, 3] = axes @ np.diag((2.0, 2.0, 4.0)), (-30, 40, 15)
    if flip:  # the same image in space, stored from right to left
        values, affine = values[::-1], affine @ np.array([[-1.0, 0, 0, 29], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    nibabel.Nifti1Image(values, affine).to_filename("in.nii")
    truth = places(values, np.diag((-1, -1, 1, 1)) @ affine)
    subprocess.run("rm -rf out && mkdir out && env/bin/nii2dcm in.nii out -d MR", shell=True, check=True, capture_output=True)
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("out"))
    grid = np.eye(4)
    grid[:3, :3], grid[:3, 3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing(), image.GetOrigin()
    made = places(sitk.GetArrayFromImage(image).transpose(2, 1, 0), grid)
    off = max(float(np.linalg.norm(made[np.floor(suv)] - place)) for suv, place in truth.items())
    step = [p[high] - p[low] for p, high, low in ((truth, 9.5, 2.5), (made, 9.0, 2.0))]
    angle = float(np.degrees(np.arccos(np.clip(step[0] @ step[1] / np.linalg.norm(step[0]) / np.linalg.norm(step[1]), -1, 1))))
    found = sorted(np.unique(sitk.GetArrayFromImage(image)).tolist())
    print(f"{name:11s} up to {off:5.1f} mm off, turned by {angle:4.1f} degrees; SUV 0.9, 2.5, 6.5, 7.5, 9.5 are {found}")
    assert off > 90 and found == [0, 2, 6, 7, 9], "nii2dcm changed"
    assert angle < 0.5, "nii2dcm changed its directions"
PY
