#!/usr/bin/env bash
# One would guess: voxels that are NaN in a file (outside the field of view of a PET, as SPM and reconstructions write them) are
#   NaN after reading it.
# What happens: SimpleITK 2.5.7 and itk 5.4.7 (with which itk-elastix reads; antspyx 0.6.3 does the same) turn NaN and both
#   infinities of a NIfTI file into 0, in silence; of the same values in NRRD or MetaImage they keep them. nibabel 5.4.2 keeps
#   them in NIfTI, too.
# For an MRI with a PET: "not measured" becomes "no uptake", and with a CT in HU air outside becomes water (0 HU): windows, means
#   and registrations differ by the format alone, and a check for NaN after reading finds none.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itk-io==5.4.7' 'nibabel==5.4.2' \
    'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import itk, nibabel, numpy as np, SimpleITK as sitk

values = np.full((6, 6, 6), -700, np.float32)  # a CT of lung
values[0] = np.nan  # 36 voxels outside the field of view
values[1, 0, 0], values[1, 1, 1] = np.inf, -np.inf
image = sitk.GetImageFromArray(values)
seen = {}
for name in ("ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"):
    sitk.WriteImage(image, name)
    read = {"SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage(name)), "itk": itk.array_from_image(itk.imread(name))}
    if "nii" in name:
        read["nibabel"] = nibabel.load(name).get_fdata()
    for tool, got in read.items():
        seen[name, tool] = int(np.isnan(got).sum()), int(np.isinf(got).sum()), int((got == 0).sum())
        print(f"{name:10s} {tool:10s} NaN {seen[name, tool][0]:2d}, infinite {seen[name, tool][1]}, zeros {seen[name, tool][2]}")
for (name, tool), got in seen.items():
    expected = (0, 0, 38) if "nii" in name and tool != "nibabel" else (36, 2, 0)
    assert got == expected, f"{tool} changed for {name}"
PY
