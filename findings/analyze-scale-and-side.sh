#!/usr/bin/env bash
# One would guess: ANALYZE 7.5 files (.hdr/.img), in which PET archives are kept, are read alike by nibabel and SimpleITK.
# What happens: SimpleITK 2.5.7 ignores SPM's scale factor (float at byte 112, used for every integer PET that SPM or nibabel
#   wrote): a peak of 1.23 comes back as 32767. It also takes the axes as left-posterior-superior from the corner, nibabel
#   5.4.2 as left-anterior-superior about the center: front and back are mirrored between them.
# For an MRI with a PET: units are lost without a word (only a warning that the format is old), and one of both is mirrored.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'SimpleITK==2.5.7' 'numpy==2.4.6'
env/bin/python - <<'PY'
import nibabel, numpy as np, SimpleITK as sitk

values = np.zeros((12, 10, 8))
values[1, 2, 3] = 1.23
image = nibabel.Spm2AnalyzeImage(values, None)  # no .mat beside it: archives rarely keep that
image.header.set_zooms((2, 2, 3))
image.header.set_data_dtype(np.int16)
image.to_filename("pet.img")
a, b = nibabel.load("pet.img"), sitk.ReadImage("pet.hdr")
peak_a, peak_b = float(a.get_fdata().max()), float(sitk.GetArrayFromImage(b).max())
rising = [float(np.sign(a.affine[1, 1])), float(-np.sign(b.GetDirection()[4]))]
print(f"peak written 1.23: nibabel {peak_a:.4f}, SimpleITK {peak_b:.0f}")
print(f"second axis, +1 to the front, -1 to the back: nibabel {rising[0]:+.0f}, SimpleITK {rising[1]:+.0f}")
assert abs(peak_a - 1.23) < 1e-3 and peak_b == 32767, "a reader's scale changed"
assert rising == [1, -1], "a reader's axes changed"
PY
