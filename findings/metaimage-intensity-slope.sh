#!/usr/bin/env bash
# One would guess: MetaImage's ElementToIntensityFunctionSlope and -Offset (in its specification since the beginning, the
#   counterpart of NIfTI's scl_slope) are applied when the file is read.
# What happens: SimpleITK 2.5.7 and itk-wasm 1.6.1 return the stored integers and say nothing, not even among the metadata.
#   VTK 9.7.1's reader does not apply them either, but keeps them (GetRescaleSlope).
# For an MRI with a PET: a PET kept as integers in .mha/.mhd is off by a factor; SUV from it are wrong without a word.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itkwasm-image-io==1.6.1' 'vtk==9.7.1'
env/bin/python - <<'PY'
import itkwasm_image_io, numpy as np, SimpleITK as sitk, vtk

header = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
TransformMatrix = 1 0 0 0 1 0 0 0 1
Offset = 0 0 0
ElementSpacing = 2 2 3
DimSize = 4 4 4
ElementToIntensityFunctionSlope = 0.5
ElementToIntensityFunctionOffset = 3
ElementType = MET_SHORT
ElementDataFile = LOCAL
"""
with open("pet.mha", "wb") as file:
    file.write(header.encode() + np.full(64, 1000, "<i2").tobytes())
image = sitk.ReadImage("pet.mha")
reader = vtk.vtkMetaImageReader()
reader.SetFileName("pet.mha")
reader.Update()
seen = {
    "meant": 503.0,
    "SimpleITK": float(sitk.GetArrayFromImage(image).max()),
    "itk-wasm": float(np.asarray(itkwasm_image_io.imread("pet.mha").data).max()),
    "VTK": reader.GetOutput().GetScalarRange()[1],
}
print(seen, "SimpleITK's metadata:", image.GetMetaDataKeys(), "VTK's slope:", reader.GetRescaleSlope())
assert {seen[k] for k in ("SimpleITK", "itk-wasm", "VTK")} == {1000.0}, "a reader now applies the slope"
assert not [k for k in image.GetMetaDataKeys() if "lope" in k] and reader.GetRescaleSlope() == 0.5
PY
