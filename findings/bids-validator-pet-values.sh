#!/usr/bin/env bash
# One would guess: the BIDS validator, whose schema types PET's side-cars to the unit, rejects times and units that make no
#   SUV.
# What happens: bids-validator-deno 3.0.2 checks that FrameTimesStart and FrameDuration have as many entries as the image has
#   frames (error), and no value: frames that overlap or take no time, TimeZero "25:00:00", a dose below zero, C-11 as the
#   radionuclide of FDG, Units "SUV", "g/mL", "counts/sec" or any word: no error and no warning. Codes 0/0: a warning.
# For an MRI with a PET: "passed the validator" says nothing on units; a fusion must check times, dose and Units itself.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'bids-validator-deno==3.0.2' 'nibabel==5.4.2' 'numpy==2.4.6'
env/bin/python - <<'PY'
import json, os, subprocess
import nibabel, numpy as np

os.makedirs("d/sub-01/anat")
os.makedirs("d/sub-01/pet")
text = {"Name": "x", "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "CC0", "Authors": ["A"]}
open("d/dataset_description.json", "w").write(json.dumps(text))
open("d/README", "w").write("generated " * 40)
image = lambda shape: nibabel.Nifti1Image(np.zeros(shape, np.float32), np.diag([2, 2, 2, 1]))  # noqa: E731
image((8, 8, 8)).to_filename("d/sub-01/anat/sub-01_T1w.nii.gz")
image((8, 8, 8, 3)).to_filename("d/sub-01/pet/sub-01_trc-FDG_pet.nii.gz")
good = dict(
    Modality="PT", Manufacturer="Generated", ManufacturersModelName="P", Units="Bq/mL", TracerName="FDG",
    TracerRadionuclide="F18", InjectedRadioactivity=350, InjectedRadioactivityUnits="MBq", InjectedMass=1,
    InjectedMassUnits="ug", SpecificRadioactivity=1, SpecificRadioactivityUnits="Bq/g", ModeOfAdministration="bolus",
    TimeZero="12:00:00", ScanStart=0, InjectionStart=0, FrameTimesStart=[0, 300, 600], FrameDuration=[300, 300, 300],
    AcquisitionMode="list mode", ImageDecayCorrected=True, ImageDecayCorrectionTime=0, ReconMethodName="OSEM",
    ReconMethodParameterLabels=["subsets"], ReconMethodParameterUnits=["none"], ReconMethodParameterValues=[21],
    ReconFilterType="none", ReconFilterSize=0, AttenuationCorrection="CT",
)

def errors(**change):
    open("d/sub-01/pet/sub-01_trc-FDG_pet.json", "w").write(json.dumps({**good, **change}))
    got = subprocess.run(["env/bin/bids-validator-deno", "d", "--format", "json"], capture_output=True, text=True)
    return sorted({i["code"] for i in json.loads(got.stdout)["issues"]["issues"] if i["severity"] == "error"})

cases = {
    "as it should be": {},
    "two of three frames": {"FrameTimesStart": [0, 300], "FrameDuration": [300, 300]},
    "frames overlap": {"FrameTimesStart": [0, 100, 50]},
    "frames of no length": {"FrameDuration": [0, 0, 0]},
    "25 o'clock": {"TimeZero": "25:00:00"},
    "dose below zero": {"InjectedRadioactivity": -5},
    "units SUV": {"Units": "SUV"},
    "units nonsense": {"Units": "apples"},
    "FDG of carbon": {"TracerRadionuclide": "C11"},
}
seen = {name: errors(**change) for name, change in cases.items()}
for name, found in seen.items():
    print(f"{name:20s} errors: {found or 'none'}")
assert len(seen.pop("two of three frames")) == 2 and not any(seen.values()), "the validator changed"
PY
