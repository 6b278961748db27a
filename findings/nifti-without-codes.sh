#!/usr/bin/env bash
# One would guess: of a NIfTI file whose qform and sform codes are both 0 (many PET reconstructions write such) the readers
#   know no position, but agree on the handedness: the standard's "method 1" gives one axis order.
# What happens: nibabel 5.4.2 (and so nilearn, MONAI's default reader) takes x from left to right as falling, y as rising,
#   centered on the volume. SimpleITK 2.5.7 (and so 3D Slicer, ANTs, elastix) takes both as falling, from the corner. One is
#   the mirror image of the other.
# For an MRI with a PET: read the MRI with one and the PET with the other, and front and back are mirrored: no rigid
#   registration can mend it. Such a file's handedness must be told, not guessed.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'SimpleITK==2.5.7' 'numpy==2.4.6'
env/bin/python - <<'PY'
import nibabel, numpy as np, SimpleITK as sitk

values = np.zeros((12, 10, 8), np.float32)
values[1, 2, 3] = 100
image = nibabel.Nifti1Image(values, None)
image.header["pixdim"][1:4] = [2, 2, 3]
image.header["qform_code"] = image.header["sform_code"] = 0
image.to_filename("pet.nii")

affine = nibabel.load("pet.nii").affine
read = sitk.ReadImage("pet.nii")
columns = np.array(read.GetDirection()).reshape(3, 3) @ np.diag(read.GetSpacing())
lps = np.diag([-1, -1, 1])
print("voxel (1, 2, 3) in RAS millimeters; handedness as the sign of the determinant")
a = (affine @ [1, 2, 3, 1])[:3]
b = lps @ np.array(read.TransformIndexToPhysicalPoint((1, 2, 3)))
signs = [int(np.sign(np.linalg.det(m))) for m in (affine[:3, :3], lps @ columns)]
print("nibabel  ", a.tolist(), signs[0])
print("SimpleITK", b.tolist(), signs[1])
assert signs == [-1, 1], "the readers' handedness changed"
assert a.tolist() == [9, -5, -1.5] and b.tolist() == [-2, -4, 9]
PY
