from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from batch_phantom import bids_dataset, manifest, save_pair, save_picture

from coconet_med.batch.case import BatchOptions
from coconet_med.batch.run import Runner
from coconet_med.batch.sources import find_cases
from coconet_med.errors import ModelError
from coconet_med.writers.atomic import PART_PREFIX


@pytest.fixture
def case(tmp_path):
    save_pair(tmp_path / "in", "p", 0)
    return find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")[0]


def contents(folder):
    """All files of results (not the records) by name."""
    files = (f for f in sorted(folder.rglob("*")) if f.is_file() and ".coconet" not in f.parts)
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files}


def test_a_case_gives_a_color_volume_a_sidecar_and_its_facts(tmp_path, case, shelf, quick):
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert outcome.status == "done"
    assert list(contents(tmp_path / "out")) == ["p_fused.json", "p_fused.nii.gz", "p_fused_legend.png"]
    assert 0 < outcome.facts["H"] <= 1
    assert outcome.facts["registered"] is False
    sidecar = json.loads((tmp_path / "out/p_fused.json").read_text(encoding="utf-8"))
    assert sidecar["model"]["sha256"] == "sha-of-light"
    assert sidecar["options"]["register"] == "never"
    assert sidecar["sources"]["anatomy"]["sha256"] == outcome.fingerprint["inputs"]["anatomy"]


def test_a_finished_case_is_kept_without_running_the_network(tmp_path, case, shelf, quick):
    Runner(tmp_path / "out", quick, load=shelf).run(case)
    before, runs = contents(tmp_path / "out"), shelf.engine.runs
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert outcome.status == "kept"
    assert outcome.facts["H"] > 0
    assert shelf.engine.runs == runs
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("change", ["strength", "input", "weights", "result", "gone", "asked"])
def test_whatever_changes_the_result_makes_it_anew(tmp_path, case, shelf, quick, change):
    out = tmp_path / "out"
    Runner(out, quick, load=shelf).run(case)
    before, runs = contents(out), shelf.engine.runs
    if change == "strength":
        quick = replace(quick, strength=0.5)
    if change == "input":
        save_pair(tmp_path / "in", "p", 5)
    if change == "weights":
        quick = replace(quick, model="other")
    if change == "result":
        (out / "p_fused.nii.gz").write_bytes(b"damaged")
    if change == "gone":
        (out / "p_fused.json").unlink()
    outcome = Runner(out, quick, load=shelf, overwrite=change == "asked").run(case)
    assert outcome.status == "done"
    assert shelf.engine.runs > runs
    assert (contents(out) == before) == (change in ("result", "gone", "asked"))


def test_two_runs_give_identical_files(tmp_path, case, shelf):
    options = BatchOptions(register="never", luminance=True, uptake=True)
    for out in ("one", "two"):
        Runner(tmp_path / out, options, load=shelf).run(case)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    cards = [(tmp_path / out / ".coconet/p.card").read_bytes() for out in ("one", "two")]
    assert cards[0] == cards[1]


@pytest.mark.parametrize("form", ["nii", "nrrd", "mha"])
def test_every_format_is_the_same_on_a_second_run(tmp_path, case, shelf, form):
    for out in ("one", "two"):
        Runner(tmp_path / out, BatchOptions(register="never", form=form), load=shelf).run(case)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert f"p_fused.{form}" in contents(tmp_path / "one")


def test_files_that_new_options_no_longer_ask_for_are_removed(tmp_path, case, shelf, quick):
    out = tmp_path / "out"
    Runner(out, replace(quick, luminance=True), load=shelf).run(case)
    assert "p_fused_luminance.nii.gz" in contents(out)
    Runner(out, quick, load=shelf).run(case)
    assert list(contents(out)) == ["p_fused.json", "p_fused.nii.gz", "p_fused_legend.png"]


def test_a_file_that_is_not_from_this_batch_is_never_replaced_unasked(tmp_path, case, shelf, quick):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/p_fused.json").write_text("mine", encoding="utf-8")
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert outcome.status == "failed"
    assert "not from this batch" in outcome.error
    assert contents(tmp_path / "out") == {"p_fused.json": b"mine"}
    assert Runner(tmp_path / "out", quick, load=shelf, overwrite=True).run(case).status == "done"


def test_what_a_killed_run_left_behind_is_removed_and_the_case_done(tmp_path, case, shelf, quick):
    out = tmp_path / "out"
    Runner(out, quick, load=shelf).run(case)
    reference = contents(out)
    # As after kill -9 between two renames: the record says "missing", one file is there, one is still a part.
    record = json.loads((out / ".coconet/p.json").read_text(encoding="utf-8"))
    record |= {"status": "missing", "outputs": dict.fromkeys(record["outputs"])}
    (out / ".coconet/p.json").write_text(json.dumps(record), encoding="utf-8")
    (out / "p_fused.json").rename(out / f"{PART_PREFIX}00000000-p_fused.json")
    assert Runner(out, quick, load=shelf).run(case).status == "done"
    assert contents(out) == reference


def test_a_damaged_record_is_as_good_as_none(tmp_path, case, shelf, quick):
    out = tmp_path / "out"
    Runner(out, quick, load=shelf).run(case)
    (out / ".coconet/p.json").write_text("{", encoding="utf-8")
    assert Runner(out, quick, load=shelf, overwrite=True).run(case).status == "done"


def test_a_case_that_another_run_is_at_is_left_alone(tmp_path, case, shelf, quick):
    runner = Runner(tmp_path / "out", quick, load=shelf)
    with runner.records.lock("p") as alone:
        assert alone
        assert runner.run(case).status == "busy"
    assert runner.run(case).status == "done"


def test_a_defect_met_by_a_case_is_reported_and_does_not_get_out(tmp_path, case, shelf, quick):
    shelf.engine.run = lambda image: 1 / 0
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert (outcome.status, outcome.error) == ("failed", "ZeroDivisionError: division by zero")
    assert contents(tmp_path / "out") == {}


def test_the_result_of_an_earlier_run_outlives_a_failure(tmp_path, case, shelf, quick):
    out = tmp_path / "out"
    Runner(out, quick, load=shelf).run(case)
    before = contents(out)
    case.function.write_bytes(b"cut off")
    outcome = Runner(out, quick, load=shelf).run(case)
    assert outcome.status == "failed"
    assert "p_pet.nii.gz" in outcome.error
    assert contents(out) == before
    save_pair(case.function.parent, "p", 0)
    assert Runner(out, quick, load=shelf).run(case).status == "done"


def test_weights_are_loaded_once_for_many_cases(tmp_path, shelf, quick):
    runner = Runner(tmp_path / "out", quick, load=shelf)
    cases = find_cases(manifest(tmp_path / "in", 3))
    assert [runner.run(c).status for c in cases] == ["done"] * 3
    own = tmp_path / "own.onnx"
    own.touch()
    assert runner.run(replace(cases[0], id="x", target="x_fused", model=str(own))).status == "done"
    assert shelf.loaded == ["light", str(own)]


def test_missing_weights_of_one_case_fail_that_case(tmp_path, case, quick):
    def load(name, **_):
        raise ModelError(f"model {name!r}: no such file")

    assert "no such file" in Runner(tmp_path / "out", quick, load=load).run(case).error


def test_a_disk_that_is_full_leaves_nothing_under_a_final_name(tmp_path, case, shelf, quick):
    resource = pytest.importorskip("resource", reason="no file size limits on this system")
    out = tmp_path / "out"
    runner = Runner(out, quick, load=shelf)
    runner.records.folder.mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # the kernel refuses to write further, as when full
    try:
        outcome = runner.run(case)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert outcome.status == "failed"
    assert "cannot be written" in outcome.error
    assert contents(out) == {}
    assert not list(out.rglob(f"{PART_PREFIX}*"))
    assert runner.run(case).status == "done"


def test_an_output_folder_that_is_a_file_fails_the_case(tmp_path, case, shelf, quick):
    (tmp_path / "out").write_text("a file where the folder should be", encoding="utf-8")
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert outcome.status == "failed"
    assert "cannot be written to" in outcome.error


def test_pictures_become_png(tmp_path, shelf, quick):
    for kind, seed in (("MRI", 0), ("PET", 1)):
        save_picture(tmp_path / "in" / kind / "7.png", seed)
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(find_cases(tmp_path / "in")[0])
    assert outcome.error == ""
    assert sorted(contents(tmp_path / "out")) == ["7_fused.json", "7_fused.png", "7_fused_legend.png"]


# --- BIDS --------------------------------------------------------------------------------------------------------


def test_a_bids_case_names_its_sources_and_units(tmp_path, shelf, quick):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_trc-FDG_pet.nii.gz"))
    outcome = Runner(tmp_path / "out", replace(quick, uptake=True), load=shelf).run(find_cases(root)[0])
    assert sorted(outcome.outputs) == [
        "sub-01/pet/sub-01_trc-FDG_space-T1w_desc-fused_pet.json",
        "sub-01/pet/sub-01_trc-FDG_space-T1w_desc-fused_pet.nii.gz",
        "sub-01/pet/sub-01_trc-FDG_space-T1w_desc-uptake_pet.json",
        "sub-01/pet/sub-01_trc-FDG_space-T1w_desc-uptake_pet.nii.gz",
    ]
    sidecar = json.loads((tmp_path / "out" / min(outcome.outputs)).read_text(encoding="utf-8"))
    assert sidecar["Sources"] == [
        "bids:raw:sub-01/anat/sub-01_T1w.nii.gz",
        "bids:raw:sub-01/pet/sub-01_trc-FDG_pet.nii.gz",
    ]
    assert sidecar["SpatialReference"] == "bids:raw:sub-01/anat/sub-01_T1w.nii.gz"
    assert sidecar["units"] == sidecar["window"]["units"] == "Bq/ml"


def four_d(path, frames):
    image = nib.load(path)
    data = np.stack([image.get_fdata(dtype=np.float32) * weight for weight in frames], axis=-1)
    nib.save(nib.Nifti1Image(data, image.affine), path)


def test_a_dynamic_pet_is_averaged_with_the_durations_of_its_frames(tmp_path, shelf, quick):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    path = root / "sub-01/pet/sub-01_pet.nii.gz"
    truth = nib.load(path).get_fdata()
    four_d(path, (0.0, 2.0))
    path.with_name("sub-01_pet.json").write_text('{"FrameDuration": [60, 180]}', encoding="utf-8")
    outcome = Runner(tmp_path / "out", replace(quick, uptake=True), load=shelf).run(find_cases(root)[0])
    assert outcome.error == ""
    uptake = nib.load(tmp_path / "out/sub-01/pet/sub-01_space-T1w_desc-uptake_pet.nii.gz").get_fdata()
    np.testing.assert_allclose(uptake, 1.5 * truth, rtol=1e-5)
    sidecar = json.loads((tmp_path / "out/sub-01/pet/sub-01_space-T1w_desc-fused_pet.json").read_text(encoding="utf-8"))
    assert sidecar["sources"]["function"]["details"]["frames"] == "mean of 2 frames weighted by duration (240 s)"
    assert sidecar["sources"]["function"]["sha256"] == outcome.fingerprint["inputs"]["function"]


def test_frames_of_unknown_duration_count_alike_and_this_is_said(tmp_path, case, shelf, quick):
    four_d(case.function, (0.5, 1.5))
    outcome = Runner(tmp_path / "out", quick, load=shelf).run(case)
    assert any("their durations are not known" in warning for warning in outcome.warnings)
    frame = Runner(tmp_path / "out", replace(quick, dynamic=7), load=shelf).run(case)
    assert "--dynamic 7 is none of 0 to 1" in frame.error


def test_an_image_without_a_place_for_it_in_memory_fails_alone(tmp_path, case, shelf, quick):
    def run(image):
        raise MemoryError

    shelf.engine.run = run
    assert "not enough memory" in Runner(tmp_path / "out", quick, load=shelf).run(case).error
