#!/usr/bin/env bash
# One would guess: VTK's NIfTI reader (PyVista, ParaView, trame) gives the values that the file means, in the file's order.
# What happens: VTK 9.7.1 returns stored numbers: scl_slope 0.37 is kept aside (GetRescaleSlope) and not applied, so a PET of 370
#   reads 1000. Where the qform mirrors (qfac -1, usual after conversion) it turns the order of the slices, tells so only by
#   its matrices, and its image data has origin 0 and no direction; voxel (1, 2, 3) of 12 slices is voxel (1, 2, 8).
# For an MRI with a PET: an index found in VTK is not an index of the file, and uptake is off by the slope.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'vtk==9.7.1' 'nibabel==5.4.2' 'numpy==2.4.6'
env/bin/python - <<'PY'
import struct
import nibabel, numpy as np, vtk
from vtk.util.numpy_support import vtk_to_numpy

values = np.zeros((20, 20, 12), np.int16)
values[1, 2, 3] = 1000
affine = np.diag([2.0, 2, -3, 1])  # left-handed: qfac -1
image = nibabel.Nifti1Image(values, affine)
image.set_qform(affine, 1)
image.set_sform(affine, 1)
image.to_filename("pet.nii")
raw = bytearray(open("pet.nii", "rb").read())
struct.pack_into("<f", raw, 112, 0.37)  # scl_slope
open("pet.nii", "wb").write(raw)

meant = nibabel.load("pet.nii").get_fdata()
reader = vtk.vtkNIFTIImageReader()
reader.SetFileName("pet.nii")
reader.Update()
output = reader.GetOutput()
got = vtk_to_numpy(output.GetPointData().GetScalars()).reshape(output.GetDimensions()[::-1]).transpose(2, 1, 0)
hot = [int(i) for i in np.unravel_index(got.argmax(), got.shape)]
print("file: peak", round(float(meant.max()), 2), "at", [1, 2, 3])
print("VTK:  peak", got.max(), "at", hot, "origin", output.GetOrigin(), "slope kept aside", round(reader.GetRescaleSlope(), 2))
matrix = reader.GetSFormMatrix()
world = [sum(matrix.GetElement(r, c) * v for c, v in enumerate((hot[0] * 2, hot[1] * 2, hot[2] * 3, 1))) for r in range(3)]
print("through its SFormMatrix", world, "by the file", (affine @ [1, 2, 3, 1])[:3].tolist())
assert got.max() == 1000 and hot == [1, 2, 8] and output.GetOrigin() == (0, 0, 0), "VTK changed"
assert world == (affine @ [1, 2, 3, 1])[:3].tolist()
PY
