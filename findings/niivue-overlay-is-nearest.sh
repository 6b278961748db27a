#!/usr/bin/env bash
# One would guess: NiiVue draws a PET over an MRI smoothly: linear interpolation is on, and a PET opened alone is smooth.
# What happens: NiiVue 0.69.0 first puts the overlay on the MRI's grid with the nearest voxel, whatever setInterpolation says, and
#   interpolates only between voxels of the MRI. One hot voxel of 4 mm over an MRI of 1 mm is a flat block of 3 x 3 mm with a
#   rim of one MRI voxel; a linear picture has its full color in one point. NaN in the PET is drawn as 0, without a hole.
# For an MRI with a PET: edges of uptake may sit half a PET voxel (2 mm) beside the truth, and move with the MRI's grid. Give
#   the viewer a PET that is already on the MRI's grid. (Needs node, npm and chromium.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v npm chromium >/dev/null || { echo "needs npm and chromium (Debian: npm chromium)"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nibabel==5.4.2' 'numpy==2.4.6'
npm install --silent --no-audit --no-fund --ignore-scripts '@niivue/niivue@0.69.0'
cp node_modules/@niivue/niivue/dist/niivue.umd.js niivue.js
env/bin/python - <<'PY'
import base64, json
import nibabel, numpy as np

def text(values, step):
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = -step * (np.array(values.shape) - 1) / 2
    image = nibabel.Nifti1Image(values, affine)
    return base64.b64encode(image.to_bytes()).decode()

mri = np.zeros((40, 40, 40), np.float32)
mri[0, 0, 0] = 1
pet = np.zeros((10, 10, 10), np.float32)
pet[5, 5, 5] = 10
hole = np.full((10, 10, 10), 10, np.float32)
hole[:5] = np.nan
open("volumes.js", "w").write("const V=" + json.dumps({"mri": text(mri, 1), "pet": text(pet, 4), "hole": text(hole, 4)}))
PY
cat > page.html <<'HTML'
<canvas id=c width=400 height=400></canvas><pre id=o></pre><script src=niivue.js></script><script src=volumes.js></script><script>
(async () => {
  const { Niivue, NVImage } = window.niivue;
  const nv = new Niivue({ isResizeCanvas: false, backColor: [0, 0, 0, 1], crosshairWidth: 0, isOrientationTextVisible: false });
  await nv.attachToCanvas(document.getElementById("c"));
  nv.setSliceType(nv.sliceTypeAxial);
  const count = () => {  // pixels of full red, of some red, and black ones
    nv.drawScene();
    const p = new Uint8Array(400 * 400 * 4), n = { full: 0, rim: 0, black: 0 };
    nv.gl.readPixels(0, 0, 400, 400, nv.gl.RGBA, nv.gl.UNSIGNED_BYTE, p);
    for (let i = 0; i < p.length; i += 4) n[p[i] > 254 ? "full" : p[i] > 0 ? "rim" : "black"]++;
    return n;
  };
  const out = {};
  for (const [name, key, nearest] of [["linear", "pet", false], ["nearest", "pet", true], ["hole", "hole", false], ["alone", "pet", false]]) {
    for (const v of [...nv.volumes]) nv.removeVolume(v);
    const load = (k, o) => NVImage.loadFromBase64({ base64: V[k], name: k + ".nii", ...o });
    if (name !== "alone") nv.addVolume(await load("mri", { cal_min: 0, cal_max: 1 }));
    nv.addVolume(await load(key, { colormap: "red", cal_min: 0, cal_max: 10 }));
    nv.setInterpolation(nearest);
    nv.scene.crosshairPos = [0.55, 0.55, 0.55];
    out[name] = count();
  }
  document.getElementById("o").textContent = "RESULT" + JSON.stringify(out) + "END";
})();
</script>
HTML
chromium --headless=new --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --allow-file-access-from-files \
    --user-data-dir="$work/profile" --virtual-time-budget=60000 --dump-dom "file://$work/page.html" 2>/dev/null > dom.html
env/bin/python - <<'PY'
import json, re

seen = json.loads(re.search(r"RESULT(.*?)END", open("dom.html").read()).group(1))
print("10 pixels are 1 mm; one hot voxel of 4 mm, or the PET's left half NaN:")
for name, pixels in seen.items():
    print(f"  {name:8s}", pixels)
assert seen["linear"]["full"] == 900, "NiiVue changed: it was a block of 3 x 3 mm in spite of linear interpolation"
assert seen["nearest"]["full"] == 1600 and seen["alone"]["full"] < 200
assert seen["hole"]["black"] > 70000
PY
