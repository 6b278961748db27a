#!/usr/bin/env bash
# One would guess: tools that take two label files and give their overlap compare what lies in one place, or refuse files of different places, as
#   SimpleITK and antspyx do, and as Convert3D (c3d) does in its other operations.
# What happens: c3d 1.4.6 -overlap, nnU-Net 2.8.1's nnUNetv2_evaluate_simple and seg-metrics 1.2.8 compare voxels of the same index. A lesion 40 mm
#   beside the true one, and one in the other half of the brain (a file stored from the other side), get a Dice of 1.000 and a distance of 0 mm. The very
#   same lesion, stored from the other side, gets 0 and 96 mm. Not a word is said. panoptica 2.1.7 compares the headers, but adds up
#   differences with their signs: 40 mm to one side counts as the same place (Dice 1.000), to the other it is refused; with the two files exchanged it
#   is the other way round. The other half of the brain it refuses.
# For an MRI with a PET: a segmentation of the MRI and one of the PET, or of two packages of which one reorients, are scored so. A perfect score may be a
#   lesion on the wrong side, and a score of 0 a perfect one. Bring both onto one grid by their headers first.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'nibabel==5.4.2' 'numpy==2.2.6' 'picsl-c3d==1.4.6.0' \
    'seg-metrics==1.2.8' 'panoptica==2.1.7' 'antspyx==0.6.3' 'torch==2.14.1' 'scipy==1.15.3' 'scikit-image==0.25.2' 'batchgenerators==0.25.5' 'blosc2==4.1.2' 'tqdm==4.70.1'
env/bin/pip install -q --no-compile --no-deps --disable-pip-version-check 'nnunetv2==2.8.1' 'acvl-utils==0.2.6' 'dynamic-network-architectures==0.4.4'
export OMP_NUM_THREADS=1 PANOPTICA_CITATION_REMINDER=False HOME="$work"
env/bin/python -W ignore - <<'PY' 2>&1 | grep -vE "plotting package|plotly|nvImageCodec"
import io, json, os, subprocess
import ants, nibabel, numpy as np, SimpleITK as sitk
from panoptica import ConnectedComponentsInstanceApproximator, InputType, NaiveThresholdMatching, Panoptica_Evaluator
from picsl_c3d import Convert3D
from seg_metrics import seg_metrics

label, affine = np.zeros((60, 72, 40), np.uint8), np.diag((3.0, 3, 3, 1))
label[10:18, 30:40, 15:25] = 1  # a lesion of the left half
affine[:3, 3] = (-90, -108, -60)
from_right = np.diag((-3.0, 3, 3, 1))
from_right[:3, 3] = (87, -108, -60)  # the same box, stored from right to left
aside = {mm: affine + np.array([[0, 0, 0, mm], [0] * 4, [0] * 4, [0] * 4]) for mm in (40, -40)}
cases = {"the same file": (label, affine), "40 mm to the right": (label, aside[40]), "40 mm to the left": (label, aside[-40]),
         "in the other half": (label, from_right), "same, other storage": (label[::-1], from_right)}
for folder in ("true", "found"):
    os.mkdir(folder)
for name, (values, where) in cases.items():
    nibabel.save(nibabel.Nifti1Image(label, affine), f"true/{name.replace(' ', '_')}.nii.gz")
    nibabel.save(nibabel.Nifti1Image(values, where), f"found/{name.replace(' ', '_')}.nii.gz")

def refusing(measure, *errors):
    try:
        return round(float(measure()), 3)
    except errors:
        return "refused"

def simpleitk(true, found, by_place=False):
    measure, true, found = sitk.LabelOverlapMeasuresImageFilter(), sitk.ReadImage(true), sitk.ReadImage(found)
    measure.Execute(true, sitk.Resample(found, true, sitk.Transform(), sitk.sitkNearestNeighbor) if by_place else found)
    return measure.GetDiceCoefficient(1)

def c3d(true, found, operation="-overlap 1"):
    said = io.StringIO()
    Convert3D().execute(f"{true} {found} {operation}", out=said)
    return said.getvalue().replace(",", " ").split()[5] if "overlap" in operation else 0  # OVL: label, sizes, both, Dice, Jaccard

judge = Panoptica_Evaluator(expected_input=InputType.SEMANTIC, instance_approximator=ConnectedComponentsInstanceApproximator(),
                            instance_matcher=NaiveThresholdMatching())
def panoptica(true, found):
    return next(iter(judge.evaluate(found, true, verbose=False).values())).global_bin_dsc

with open(os.devnull, "w", encoding="utf-8") as nothing:
    subprocess.run(["env/bin/python", "-W", "ignore", "-c", "from nnunetv2.evaluation.evaluate_predictions import evaluate_simple_entry_point as run; run()",
                    "true", "found", "-l", "1", "-np", "1", "-o", "nnunet.json"], check=True, stdout=nothing)
with open("nnunet.json", encoding="utf-8") as file:
    nnunet = {os.path.basename(case["prediction_file"]): case["metrics"]["1"]["Dice"] for case in json.load(file)["metric_per_case"]}
scores = {}
for name in cases:
    true, found = (f"{folder}/{name.replace(' ', '_')}.nii.gz" for folder in ("true", "found"))
    other = seg_metrics.write_metrics(labels=[1], gdth_path=true, pred_path=found, metrics=["dice", "hd"], TPTNFPFN=False)[0]
    scores[name] = {
        "by place": round(simpleitk(true, found, by_place=True), 3),
        "SimpleITK": refusing(lambda: simpleitk(true, found), RuntimeError),
        "antspyx": refusing(lambda: ants.label_overlap_measures(ants.image_read(true), ants.image_read(found))["MeanOverlap"].iloc[1], RuntimeError),
        "c3d -lstat": "refused" if refusing(lambda: c3d(true, found, "-lstat"), Exception) == "refused" else "taken",
        "c3d -overlap": float(c3d(true, found)),
        "nnU-Net": round(nnunet[os.path.basename(found)], 3),
        "seg-metrics": round(float(other["dice"][0]), 3), "its distance in mm": round(float(other["hd"][0]), 1),
        "panoptica": refusing(lambda: panoptica(true, found), ValueError), "exchanged": refusing(lambda: panoptica(found, true), ValueError)}
print()
for name, row in scores.items():
    print(f"lesion {name}: " + ", ".join(f"{tool} {value}" for tool, value in row.items()))
by_index = ("c3d -overlap", "nnU-Net", "seg-metrics")
for name in ("40 mm to the right", "40 mm to the left", "in the other half", "same, other storage"):
    row = scores[name]
    assert row["by place"] == (1 if "same" in name else 0), "the phantom is not what it should be"
    assert row["SimpleITK"] == row["antspyx"] == row["c3d -lstat"] == "refused", "one that refused takes it now"
    assert [row[tool] for tool in by_index] == [0 if "same" in name else 1] * 3, "c3d, nnU-Net or seg-metrics changed"
    assert row["its distance in mm"] == (96 if "same" in name else 0), "seg-metrics changed"
    meant = {"40 mm to the right": [1, "refused"], "40 mm to the left": ["refused", 1]}.get(name, ["refused"] * 2)
    assert [row["panoptica"], row["exchanged"]] == meant, "panoptica changed"
PY
