#!/usr/bin/env bash
# One would guess: Nyxus, which takes NIfTI of MRI, CT and PET, gives mean, median, lowest and highest value of a region as they are in the file: SUV
#   with fractions, Hounsfield units below 0, and stored integers times the header's scl_slope.
# What happens: Nyxus 0.11.0 cuts every value to a whole number: a region of SUV 0.2 to 3.8 with a mean of 1.96 has 1.47 and a lowest value of 0, an SUVR below 1 is
#   0 in every figure. Where the image has negative values, its lowest becomes 0: a CT region of -310 HU has +365. scl_slope is not applied, so that the
#   same PET in 16 bits reads 1,963 instead of 1.96. The robust mean is 0 for all of them. Nothing is said. Arrays given in memory fare the same.
# For an MRI with a PET: uptake features of two persons differ by what their files hold beside the lesion. Multiply SUV by 10,000 before, keep CT above 0
#   by an offset of your own, and divide afterwards.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nyxus==0.11.0' 'nibabel==5.4.2' 'numpy==2.4.6'
mkdir images masks
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import nibabel, numpy as np
from nyxus import Nyxus, Nyxus3D

generator = np.random.default_rng(0)
mask = np.zeros((20, 20, 20), np.uint8)
mask[5:15, 5:15, 5:15] = 1
nibabel.Nifti1Image(mask, np.eye(4)).to_filename("masks/a.nii.gz")
suv = generator.uniform(0.2, 3.8, mask.shape).astype(np.float32)
ct = generator.normal(40, 5, mask.shape)
ct[:, :, :10] -= 700  # the region holds air, too
stored = nibabel.Nifti1Image(np.round(suv * 1000).astype(np.int16), np.eye(4))
stored.header.set_slope_inter(0.001, 0)
cases = {
    "SUV": (nibabel.Nifti1Image(suv, np.eye(4)), 1.470, 0),
    "SUVR below 1": (nibabel.Nifti1Image(suv * 0.25, np.eye(4)), 0, 0),
    "SUV in 16 bits with scl_slope": (stored, 1963.2, 201),
    "CT": (nibabel.Nifti1Image(np.round(ct).astype(np.int16), np.eye(4)), None, 0),
    "SUV times 10,000": (nibabel.Nifti1Image(suv * 10000, np.eye(4)), 19632, 2011),
}
names = ("3MEAN", "3MEDIAN", "3MIN", "3MAX", "3ROBUST_MEAN")
for case, (image, mean, lowest) in cases.items():
    image.to_filename("images/a.nii.gz")
    true = nibabel.load("images/a.nii.gz").get_fdata()[mask > 0]
    row = Nyxus3D(["*3D_ALL_INTENSITY*"]).featurize_files(["images/a.nii.gz"], ["masks/a.nii.gz"], False)
    seen = {name: float(row[name].iloc[0]) for name in names}
    print(f"{case}: mean {true.mean():.2f}, median {np.median(true):.2f}, lowest {true.min():.2f}, highest {true.max():.2f}")
    print("  Nyxus3D: " + ", ".join(f"{name[1:].lower().replace('_', ' ')} {value:.2f}" for name, value in seen.items()))
    assert seen["3ROBUST_MEAN"] == 0, "the robust mean changed"
    if mean is None:
        offset = seen["3MEAN"] - true.mean()
        assert offset > 600 and abs(seen["3MIN"] - true.min() - offset) < 2, "Nyxus changed with negative values"
    else:
        assert abs(seen["3MEAN"] - mean) < max(0.002, mean * 1e-3) and abs(seen["3MIN"] - lowest) < 1, f"Nyxus changed: {case}"
flat = Nyxus(["*ALL_INTENSITY*"]).featurize(suv[8], mask[8])
true = suv[8][mask[8] > 0]
print(f"in memory, one slice: mean {true.mean():.2f}, Nyxus {float(flat['MEAN'].iloc[0]):.2f}")
assert float(flat["MEAN"].iloc[0]) < true.mean() - 0.4 and float(flat["MIN"].iloc[0]) == 0, "Nyxus changed in memory"
PY
