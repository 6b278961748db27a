#!/usr/bin/env bash
# One would guess: Cornerstone3D's NIfTI loader (the viewer inside OHIF and others) scales voxels by `scl_slope` and `scl_inter`, and puts the
#   slices of any orthogonal volume where the affine says.
# What happens with nifti-volume-loader 5.0.13: voxels are scaled only where slope is not 1 AND intercept is not 0. A PET in int16 with slope 0.5
#   and intercept 0, the usual form, shows stored integers: 2,000 for 1,000; the same file with intercept -3 is right. The position of a
#   slice takes the step of the world axis' number, not of the slices': sagittal slices 4 mm apart with pixels of 1.5 mm lie 1.5 mm
#   apart, the last of ten 22 mm off. Axial volumes are right.
# For an MRI with a PET: uptake in other units, each file by its own factor, and a sagittal MRI pressed flat under an axial PET. Give it
#   float volumes with slope 1 on an axial grid. (Needs node 20.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v npm >/dev/null || { echo "needs node"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'numpy==2.4.6'
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @cornerstonejs/nifti-volume-loader@5.0.13 @cornerstonejs/core@5.0.13 \
    @cornerstonejs/metadata@5.0.13 esbuild@0.25.0
env/bin/python - <<'PY'
import struct
from pathlib import Path
import nibabel, numpy as np

values = np.zeros((20, 24, 10), np.int16)
values[5:9, 6:10, 2:5] = 2000
axial = np.array([[-1.5, 0, 0, 60], [0, -2.0, 0, 70], [0, 0, 4.0, -50], [0, 0, 0, 1]])
sagittal = np.array([[0, 0, 4.0, -50], [-1.5, 0, 0, 60], [0, -2.0, 0, 70], [0, 0, 0, 1]])
for name, affine, intercept in (("axial", axial, 0.0), ("sagittal", sagittal, 0.0), ("intercept", axial, -3.0)):
    image = nibabel.Nifti1Image(values, affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    path = Path(f"{name}.nii")
    image.to_filename(path)
    data = bytearray(path.read_bytes())
    data[112:120] = struct.pack("<ff", 0.5, intercept)  # scl_slope, scl_inter
    path.write_bytes(data)
    read = nibabel.load(path)
    last = np.diag([-1, -1, 1, 1]) @ read.affine @ [0, 0, 9, 1]
    print(f"{name:9s} nibabel: highest value {read.get_fdata().max():.0f}, last slice at {last[:3].tolist()} LPS mm")
PY
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
globalThis.XMLHttpRequest ??= class { // what the loader needs of the browser's
  open(method, url) { this.url = url; }
  setRequestHeader() {}
  removeEventListener() {}
  addEventListener(name, f) { if (name === "load") this.loaded = f; }
  set onload(f) { this.loaded = f; }
  async send() { this.response = await (await fetch(this.url)).arrayBuffer(); this.loaded({}); }
};
const { cornerstoneNiftiImageLoader, createNiftiImageIdsAndCacheMetadata } = await import("@cornerstonejs/nifti-volume-loader");
const { metaData } = await import("@cornerstonejs/core");
const server = createServer((request, response) => {
  const data = readFileSync("." + request.url);
  response.setHeader("Content-Length", data.length);
  response.end(data);
});
await new Promise(done => server.listen(0, "127.0.0.1", done));
const seen = {};
for (const name of ["axial", "sagittal", "intercept"]) {
  const ids = await createNiftiImageIdsAndCacheMetadata({ url: `http://127.0.0.1:${server.address().port}/${name}.nii` });
  const image = await cornerstoneNiftiImageLoader(ids[3]).promise;
  seen[name] = { high: Math.max(...image.voxelManager.getScalarData()), last: metaData.get("imagePlaneModule", ids[9]).imagePositionPatient };
  console.log(name.padEnd(9), "cornerstone: highest value", seen[name].high, "last slice at", JSON.stringify(seen[name].last));
}
const is = (name, high, last) => seen[name].high === high && JSON.stringify(seen[name].last) === JSON.stringify(last);
const same = is("axial", 2000, [-60, -70, -14]) && is("intercept", 997, [-60, -70, -14]) && is("sagittal", 2000, [36.5, -60, 70]);
if (!same) console.log("cornerstone changed");
process.exit(same ? 0 : 1);
JS
node_modules/@esbuild/*/bin/esbuild run.mjs --bundle --platform=node --format=esm --outfile=bundle.mjs --log-level=error --main-fields=module,main \
    '--banner:js=import { createRequire as from } from "node:module"; const require = from(import.meta.url);'
timeout 120 node bundle.mjs
