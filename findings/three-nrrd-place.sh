#!/usr/bin/env bash
# expected: the matrix that three.js' NRRDLoader gives a volume takes indices to the place that the file states, in RAS, for NRRD files as SimpleITK and
#   3D Slicer write them (left-posterior-superior), axial, sagittal or oblique.
# What happens with 0.187.0: the origin is dropped, and the signs of left and posterior are put on the first two axes of the voxels instead of those
#   of the world. Axial images are turned right and lie at 0, 0, 0. Sagittal ones are turned by 180 degrees, coronal ones, too, oblique ones by
#   16 degrees where the head was turned by 8. The same image in "right-anterior-superior" is turned right.
# For an MRI with a PET: a sagittal MRI and an axial PET of one frame of reference lie apart in the browser by their origins, and
#   half turned against each other. Take directions and origin from the header of the file.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v npm >/dev/null || { echo "needs node and npm"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'pynrrd==1.1.3' 'numpy==2.4.6'
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts three@0.187.0
cat > place.mjs <<'JS'
import fs from "node:fs";
import { NRRDLoader } from "three/examples/jsm/loaders/NRRDLoader.js";
import { Vector3 } from "three";
const found = {};
for (const name of process.argv.slice(2)) {
  const file = fs.readFileSync(name);
  const volume = new NRRDLoader().parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  const index = volume.data.indexOf(1000);
  const [nx, ny] = [volume.xLength, volume.yLength];
  const voxel = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / nx / ny)];
  found[name] = { voxel, place: new Vector3(...voxel).applyMatrix4(volume.matrix).toArray() };
}
console.log(JSON.stringify(found));
JS
env/bin/python -W ignore - <<'PY'
import json, subprocess
import nrrd, numpy as np, SimpleITK as sitk

turn = np.array(sitk.Euler3DTransform((0, 0, 0), 0.0, 0.14, 0.0).GetMatrix()).reshape(3, 3)  # 8 degrees about the front-back axis
directions = {
    "axial": np.eye(3), "axial, right to left": np.diag((-1.0, 1, 1)), "sagittal": np.array(((0, 0, -1.0), (1, 0, 0), (0, -1, 0))),
    "coronal": np.array(((1.0, 0, 0), (0, 0, 1), (0, -1, 0))), "oblique": turn,
}
origin, spacing, spot, to_ras = np.array((-30.0, 20, 10)), np.array((1.1, 0.9, 3.0)), np.array((3, 4, 7)), np.diag((-1.0, -1, 1))
values = np.zeros((10, 14, 12), np.int16)
values[7, 4, 3] = 1000
for name, direction in directions.items():
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(origin.tolist())
    image.SetDirection(direction.ravel().tolist())
    sitk.WriteImage(image, f"{name}.nrrd")
    header = {"space": "right-anterior-superior", "space directions": (to_ras @ direction * spacing).T, "space origin": to_ras @ origin, "encoding": "raw"}
    nrrd.write(f"{name} RAS.nrrd", values.transpose(2, 1, 0), header)
files = [f"{name}{end}.nrrd" for name in directions for end in ("", " RAS")]
found = json.loads(subprocess.run(["node", "place.mjs", *files], check=True, capture_output=True, text=True, encoding="utf-8").stdout)
for name, direction in directions.items():
    for end in ("", " RAS"):
        assert found[f"{name}{end}.nrrd"]["voxel"] == spot.tolist()
        place = np.array(found[f"{name}{end}.nrrd"]["place"])
        rotation = to_ras @ direction @ (spot * spacing)
        truth = rotation + to_ras @ origin
        off, turned = np.linalg.norm(place - truth), np.linalg.norm(place - rotation)
        print(f"{name + end:26s} {place.round(1).tolist()} instead of {truth.round(1).tolist()}: {off:.1f} mm off, {turned:.1f} mm if its origin were 0, 0, 0")
        assert off > 20, "three.js changed: the origin counts"
        if end:
            assert turned < 0.01, "three.js changed with RAS"
        else:
            assert np.allclose(place, direction @ to_ras @ (spot * spacing), atol=0.01), "three.js changed"
            assert (turned < 0.01) == name.startswith("axial"), "three.js changed"
PY
