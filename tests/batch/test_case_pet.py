"""PET of a BIDS dataset: SUV, decay and durations by the JSON files, through the whole of a case."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from batch_phantom import bids_dataset

from coconet_med.batch import find_cases
from coconet_med.batch.run import Runner

STATED = {
    "Units": "Bq/mL",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 200,
    "InjectedRadioactivityUnits": "MBq",
    "InjectionStart": -2700,
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
}
BY_HAND = 70000 / (2e8 * 2 ** (-2700 / 6586.2))


def _dataset(tmp_path, reported, frames=None):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    path = root / "sub-01/pet/sub-01_pet.nii.gz"
    truth = nib.load(path).get_fdata()
    if frames:
        _four_d(path, frames)
    path.with_name("sub-01_pet.json").write_text(json.dumps(reported), encoding="utf-8")
    (root / "participants.tsv").write_text("participant_id\tweight\nsub-01\t70\n", encoding="utf-8")
    return root, truth


def _four_d(path, frames):
    image = nib.load(path)
    data = np.stack([image.get_fdata(dtype=np.float32) * weight for weight in frames], axis=-1)
    nib.save(nib.Nifti1Image(data, image.affine), path)


def _run(tmp_path, root, options, shelf, *, derivatives="auto"):
    case = find_cases(root, derivatives=derivatives)[0]
    outcome = Runner(tmp_path / "out", replace(options, uptake=True), load=shelf).run(case)
    if outcome.error:
        return outcome, None, None
    folder = tmp_path / "out/sub-01/pet"
    uptake = nib.load(next(folder.glob("*desc-uptake_pet.nii.gz"))).get_fdata()
    return outcome, uptake, json.loads(next(folder.glob("*desc-fused_pet.json")).read_text(encoding="utf-8"))


def test_suv_is_given_where_it_is_asked_for(tmp_path, shelf, quick):
    root, truth = _dataset(tmp_path, STATED)
    outcome, uptake, sidecar = _run(tmp_path, root, replace(quick, suv=True), shelf)
    assert outcome.error == ""
    np.testing.assert_allclose(uptake, truth * BY_HAND, rtol=1e-5, atol=1e-9)
    assert sidecar["window"]["units"] == "SUVbw"
    assert sidecar["sources"]["function"]["details"]["suv"]["weight_from"] == "participants.tsv"
    beside = next((tmp_path / "out/sub-01/pet").glob("*desc-uptake_pet.json"))
    assert json.loads(beside.read_text(encoding="utf-8"))["Units"] == "g/mL"


def test_without_asking_the_values_stay_in_their_units(tmp_path, shelf, quick):
    root, truth = _dataset(tmp_path, STATED)
    outcome, uptake, sidecar = _run(tmp_path, root, quick, shelf)
    assert (outcome.warnings, sidecar["window"]["units"]) == ([], "Bq/ml")
    np.testing.assert_allclose(uptake, truth, rtol=1e-5)


def test_the_mean_of_corrected_frames_becomes_suv(tmp_path, shelf, quick):
    reported = STATED | {"FrameDuration": [60, 180], "FrameTimesStart": [0, 60]}
    root, truth = _dataset(tmp_path, reported, frames=(1.0, 2.0))
    _, uptake, _ = _run(tmp_path, root, replace(quick, suv=True), shelf)
    np.testing.assert_allclose(uptake, truth * 1.75 * BY_HAND, rtol=1e-5, atol=1e-9)


def test_suv_that_is_not_known_fails_with_the_true_reason(tmp_path, shelf, quick):
    root, _ = _dataset(tmp_path, STATED | {"InjectedRadioactivity": None})
    outcome, _, _ = _run(tmp_path, root, replace(quick, suv=True), shelf)
    assert "there is no SUV: InjectedRadioactivity is missing; values are in Bq/ml" in outcome.error


def test_frames_that_are_not_decay_corrected_are_not_averaged(tmp_path, shelf, quick):
    reported = STATED | {"ImageDecayCorrected": False, "FrameDuration": [600, 600], "FrameTimesStart": [0, 13200]}
    root, truth = _dataset(tmp_path, reported, frames=(1.0, 0.25))
    outcome, _, _ = _run(tmp_path, root, quick, shelf)
    assert "its 2 frames are not decay corrected (ImageDecayCorrected is false), so they have no mean" in outcome.error
    outcome, uptake, _ = _run(tmp_path, root, replace(quick, dynamic=1, suv=True), shelf)
    assert outcome.error == ""
    rate = np.log(2) / 6586.2
    mean = -np.log((1 - np.exp(-rate * 600)) / (rate * 600)) / rate
    by_hand = 70000 / (2e8 * 2 ** (-(2700 + 13200 + mean) / 6586.2))
    np.testing.assert_allclose(uptake, truth * 0.25 * by_hand, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("spoilt", [b'{"Units": "Bq/mL",}', b'{"Model": "Ger\xe4t"}'])
def test_frames_are_not_averaged_while_their_json_file_cannot_be_read(tmp_path, shelf, quick, spoilt):
    root, truth = _dataset(tmp_path, STATED, frames=(1.0, 2.0))
    (root / "sub-01/pet/sub-01_pet.json").write_bytes(spoilt)
    outcome, _, _ = _run(tmp_path, root, quick, shelf)
    assert "its 2 frames cannot be averaged, since sub-01_pet.json cannot be read: it is not " in outcome.error
    outcome, uptake, _ = _run(tmp_path, root, replace(quick, dynamic=1), shelf)
    assert any(warning.startswith("sub-01_pet.json cannot be read") for warning in outcome.warnings)
    np.testing.assert_allclose(uptake, truth * 2.0, rtol=1e-5)


def test_what_a_derivative_does_not_tell_comes_from_the_raw_file(tmp_path, shelf, quick):
    reported = STATED | {"FrameDuration": [10, 590], "FrameTimesStart": [0, 10]}
    root, truth = _dataset(tmp_path, reported, frames=(1.0, 3.0))
    made = bids_dataset(root / "derivatives/petprep", ("sub-01_desc-preproc_T1w.nii.gz",), DatasetType="derivative")
    target = made / "sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz"
    target.parent.mkdir(parents=True)
    target.write_bytes((root / "sub-01/pet/sub-01_pet.nii.gz").read_bytes())
    target.with_name("sub-01_space-T1w_desc-preproc_pet.json").write_text('{"VolumeTiming": [0, 10]}', encoding="utf-8")
    outcome, uptake, _ = _run(tmp_path, root, replace(quick, suv=True), shelf)
    assert outcome.error == ""
    weighted = (10 * 1.0 + 590 * 3.0) / 600
    np.testing.assert_allclose(uptake, truth * weighted * BY_HAND, rtol=1e-5, atol=1e-9)


def test_a_changed_json_file_makes_the_case_anew(tmp_path, shelf, quick):
    root, _ = _dataset(tmp_path, STATED)
    options = replace(quick, suv=True)
    _, first, _ = _run(tmp_path, root, options, shelf)
    kept, _, _ = _run(tmp_path, root, options, shelf)
    (root / "participants.tsv").write_text("participant_id\tweight\nsub-01\t35\n", encoding="utf-8")
    anew, second, _ = _run(tmp_path, root, options, shelf)
    assert (kept.status, anew.status) == ("kept", "done")
    np.testing.assert_allclose(second, first / 2, rtol=1e-5, atol=1e-12)


def test_a_pair_given_by_globs_obeys_the_json_file_too(tmp_path, shelf, quick):
    reported = STATED | {"ImageDecayCorrected": False, "FrameDuration": [600, 600]}
    root, _ = _dataset(tmp_path, reported, frames=(1.0, 0.25))
    case = find_cases(root, anatomy="sub-*/anat/sub-01_T1w.nii.gz", function="sub-*/pet/sub-01_pet.nii.gz")[0]
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert "not decay corrected (ImageDecayCorrected is false)" in outcome.error
