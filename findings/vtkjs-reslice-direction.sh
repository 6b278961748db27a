#!/usr/bin/env bash
# One would guess: vtkImageReslice of vtk.js, told only the voxel size that is wanted, gives the image in the place where it lies, as the class
#   of that name in VTK does.
# What happens with vtk.js 37.4.3: the default output box begins at the image's origin and runs along the world's axes, whatever the image's
#   direction. An image stored from right to left and back to front (every second MRI and PET in LPS) comes out empty but for its first
#   corner; one turned by 25 degrees loses what leaves the box. VTK 9.7.2 keeps the direction. With setOutputDirection of
#   the input vtk.js is right.
# For an MRI with a PET: the uptake under an MRI is gone in the browser, which looks like a cold scan. Set direction, origin and extent of the
#   MRI. (Needs node 20.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v npm >/dev/null || { echo "needs node"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'vtk==9.7.2' 'numpy==2.4.6'
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @kitware/vtk.js@37.4.3 esbuild@0.25.0
cat >run.mjs <<'JS'
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkImageData from "@kitware/vtk.js/Common/DataModel/ImageData.js";
import vtkImageReslice from "@kitware/vtk.js/Imaging/Core/ImageReslice.js";
const size = [24, 24, 12], values = new Float32Array(24 * 24 * 12);
for (let k = 0; k < 12; k++) for (let j = 0; j < 24; j++) for (let i = 0; i < 24; i++)
  values[i + 24 * (j + 24 * k)] = 100 * Math.exp(-(((i - 11) / 3) ** 2 + ((j - 12) / 3) ** 2 + ((k - 6) / 2) ** 2) / 2);
const c = Math.cos(0.436), s = Math.sin(0.436);
const directions = { straight: [1, 0, 0, 0, 1, 0, 0, 0, 1], flipped: [-1, 0, 0, 0, -1, 0, 0, 0, 1], turned: [c, s, 0, -s, c, 0, 0, 0, 1] };
const found = {};
for (const [name, direction] of Object.entries(directions)) for (const told of [false, true]) {
  const image = vtkImageData.newInstance({ spacing: [2, 2, 4], origin: [-20, -30, -10] });
  image.setDimensions(...size);
  image.setDirection(...direction);
  image.getPointData().setScalars(vtkDataArray.newInstance({ name: "uptake", numberOfComponents: 1, values }));
  const reslice = vtkImageReslice.newInstance();
  reslice.setInputData(image);
  reslice.setInterpolationMode(1); // linear
  reslice.setOutputSpacing([2, 2, 4]);
  if (told) reslice.setOutputDirection(direction);
  const out = reslice.getOutputData();
  const kept = out.getPointData().getScalars().getData().reduce((a, b) => a + b, 0) / values.reduce((a, b) => a + b, 0);
  found[name + told] = kept;
  console.log(`vtk.js ${name.padEnd(9)} ${told ? "direction set  " : "voxel size only"} keeps ${(100 * kept).toFixed(1)} % of the uptake`);
}
const right = ["straightfalse", "straighttrue", "flippedtrue", "turnedtrue"].every(n => Math.abs(found[n] - 1) < 0.01);
const same = right && found.flippedfalse < 0.01 && found.turnedfalse < 0.999;
if (!same) console.log("vtk.js changed");
process.exit(same ? 0 : 1);
JS
node_modules/@esbuild/*/bin/esbuild run.mjs --bundle --platform=node --format=esm --outfile=bundle.mjs --log-level=error --main-fields=module,main \
    '--banner:js=import { createRequire as from } from "node:module"; const require = from(import.meta.url);'
timeout 120 node bundle.mjs
env/bin/python - <<'PY'
import numpy as np, vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

k, j, i = np.mgrid[:12, :24, :24]
values = (100 * np.exp(-(((i - 11) / 3) ** 2 + ((j - 12) / 3) ** 2 + ((k - 6) / 2) ** 2) / 2)).astype(np.float32)
image = vtk.vtkImageData()
image.SetDimensions(24, 24, 12)
image.SetSpacing(2, 2, 4)
image.SetOrigin(-20, -30, -10)
image.SetDirectionMatrix(-1, 0, 0, 0, -1, 0, 0, 0, 1)
image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=1))
reslice = vtk.vtkImageReslice()
reslice.SetInputData(image)
reslice.SetInterpolationModeToLinear()
reslice.SetOutputSpacing(2, 2, 4)
reslice.Update()
kept = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars()).sum() / values.sum()
print(f"VTK    flipped   voxel size only keeps {100 * kept:.1f} % of the uptake")
assert abs(kept - 1) < 0.01, "VTK changed"
PY
