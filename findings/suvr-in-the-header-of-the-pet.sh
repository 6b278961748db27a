#!/usr/bin/env bash
# One would guess: an SUVR that is computed in float64 from a 16-bit PET and saved with the PET's header (Nifti1Image(ratio, pet.affine,
#   pet.header), or nilearn's copy_header) comes back as float, or at worst with a rounding that nobody sees.
# What happens: nibabel 5.4.2 and nilearn 0.14.1 keep the header's int16 and find one scale for the whole volume, without a word. One voxel outside
#   the head, where the divisor was near 0, sets it: with 10,000 there the brain, 1.0 to 1.6, has 4 values left and its mean is right to
#   1 %, with 100,000 a single value, 1.53, and the lesion has the same. Without the header, and by math_img without copy_header_from, it is
#   stored in float.
# For an MRI with a PET: a lesion 20 % above its surroundings is gone, although the maximum, the type and the name are those that were
#   expected. Set header.set_data_dtype("float32"), or give no header, and look at the number of different values.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'nilearn==0.14.1' 'numpy==2.3.5' 'scipy==1.15.3'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import nibabel, numpy as np
from nilearn.image import math_img, new_img_like
from scipy.ndimage import gaussian_filter

n = 48
place = np.indices((n, n, n)) - n / 2
radius = np.sqrt((place**2).sum(0))
texture = gaussian_filter(np.random.default_rng(0).normal(size=(n, n, n)), 1.5)
uptake = np.where(radius < 20, np.clip(1.3 + 0.15 * texture / texture.std(), 1.0, 1.6), 0)
lesion = np.sqrt(((place - np.array((6, 0, 0))[:, None, None, None]) ** 2).sum(0)) < 3
uptake[lesion] += 0.3  # a lesion of 20 to 30 % more
nibabel.Nifti1Image(np.round(uptake * 8000).astype(np.int16), np.diag([3, 3, 3, 1])).to_filename("pet.nii")
pet = nibabel.load("pet.nii")
around = (radius < 20) & ~lesion

for low in (1.0, 0.08, 0.008):  # the divisor at one voxel outside the head, in 1/10,000
    divisor = np.full((n, n, n), 8000.0)
    divisor[2, 2, 2] = low * 1e-4 * 8000 if low < 1 else 8000
    counts = pet.get_fdata()
    counts[2, 2, 2] = 640 if low < 1 else 0  # noise of the air
    ratio = counts / divisor
    source = nibabel.Nifti1Image(counts.astype(np.int16), pet.affine, pet.header)
    under = nibabel.Nifti1Image(divisor, pet.affine)
    ways = {
        "nibabel, the PET's header": nibabel.Nifti1Image(ratio, pet.affine, pet.header),
        "nibabel, no header": nibabel.Nifti1Image(ratio, pet.affine),
        "nilearn new_img_like, copy_header": new_img_like(pet, ratio, copy_header=True),
        "nilearn math_img, copy_header_from": math_img("a / b", a=source, b=under, copy_header_from="a"),
        "nilearn math_img": math_img("a / b", a=source, b=under),
    }
    print(f"true: highest {ratio.max():.0f}, lesion {ratio[lesion].mean():.2f}, around it {ratio[around].mean():.2f}, air 0")
    for way, image in ways.items():
        image.to_filename("suvr.nii")
        read = nibabel.load("suvr.nii")
        seen = read.get_fdata()
        levels = len(np.unique(seen[around]))
        print(f"  {way:35s} {read.get_data_dtype()!s:8s} lesion {seen[lesion].mean():5.2f}, around it {seen[around].mean():5.2f}, "
              f"air {seen[0, 0, 0]:5.2f}, {levels} different values")
        if "header" not in way.replace("no header", "") or low == 1:
            assert levels > 1000 and abs(seen[lesion].mean() - ratio[lesion].mean()) < 0.001, f"{way} changed"
        else:
            assert read.get_data_dtype() == np.int16, f"{way} changed: the type was the PET's"
            assert levels <= (8 if low == 0.08 else 1), f"{way} changed: one voxel set the scale"
            if low < 0.08:
                assert seen[lesion].mean() == seen[around].mean(), f"{way} changed: the lesion was gone"
PY
