#!/usr/bin/env bash
# One would guess: SimpleITK turns the world of a MINC 2 file (RAS) into its own (LPS), as it does for NIfTI.
# What happens: SimpleITK 2.5.7 (ITK 5.4) and antspyx 0.6.3 take start, step and cosines as they are: the head is turned by 180
#   degrees about the body's axis, left and right, front and back exchanged. The handedness stays, so no check of handedness
#   sees it; what SimpleITK writes is wrong the same way, so no round trip sees it. nibabel 5.4.2 is right.
# For an MRI with a PET: an MRI in MINC and a PET in NIfTI start 180 degrees apart; the next version of ITK may turn.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'nibabel==5.4.2' 'h5py==3.16.0' 'numpy==2.4.6'
env/bin/python - <<'PY'
import h5py, nibabel, numpy as np, SimpleITK as sitk

start, step, names = (-10.0, -20.0, -30.0), (1.5, 2.0, 3.0), ("xspace", "yspace", "zspace")
with h5py.File("mri.mnc", "w") as file:  # the layout that libminc writes
    root = file.create_group("minc-2.0")
    for name in ("info", "dimensions", "image", "image/0"):
        root.create_group(name)
    dimensions = {}
    for name, first, each, length in zip(names, start, step, (12, 10, 8)):
        axis = dimensions[name] = root["dimensions"].create_dataset(name, data=0)
        for key, value in (("spacing", "regular__"), ("alignment", "centre"), ("units", "mm"), ("varid", "MINC standard variable")):
            axis.attrs[key] = np.bytes_(value)
        axis.attrs["vartype"], axis.attrs["version"] = np.bytes_("dimension____"), np.bytes_("MINC Version    1.0")
        axis.attrs["start"], axis.attrs["step"], axis.attrs["length"] = first, each, np.uint32(length)
        axis.attrs["direction_cosines"] = np.eye(3)[names.index(name)]
    values = np.zeros((8, 10, 12), np.float32)
    values[3, 2, 1] = 100
    image = root["image/0"].create_dataset("image", data=values)
    image.attrs["dimorder"] = np.bytes_("zspace,yspace,xspace")
    image.attrs["valid_range"] = np.array([0, 100], np.float32)
    for key, value in (("varid", "MINC standard variable"), ("vartype", "group________"), ("complete", "true_")):
        image.attrs[key] = np.bytes_(value)
    root["image/0"].create_dataset("image-min", data=0.0)
    root["image/0"].create_dataset("image-max", data=100.0)
read = sitk.ReadImage("mri.mnc")
lps = read.TransformIndexToPhysicalPoint((1, 2, 3))
a = (nibabel.load("mri.mnc").affine @ [3, 2, 1, 1])[:3].tolist()  # nibabel keeps the file's order, z first
b = [-lps[0], -lps[1], lps[2]]
print("voxel x=1 y=2 z=3, RAS mm: by the file", [s + i * d for s, i, d in zip(start, (1, 2, 3), step)])
print("nibabel  ", a)
print("SimpleITK", b)
assert a == [-8.5, -16, -21] and b == [8.5, 16, -21], "a reader's world changed"
PY
