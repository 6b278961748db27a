"""The whole way of a BIDS dataset, as a BIDS App, judged by the validator of BIDS."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from batch_phantom import bids_dataset, run_command

from coconet_med.batch.derivatives import write_dataset
from coconet_med.commands.bids_app import as_batch
from coconet_med.commands.main import _arity_of_batch
from coconet_med.errors import OptionError

NAMES = (
    "sub-01_ses-a_T1w.nii.gz",
    "sub-01_ses-a_trc-FDG_pet.nii.gz",
    "sub-01_ses-a_trc-PIB_pet.nii.gz",
    "sub-02_ses-a_T1w.nii.gz",
    "sub-02_ses-a_trc-FDG_pet.nii.gz",
)


PARTICIPANT = "batch ds out --analysis-level participant"


def validator() -> str:
    found = shutil.which("bids-validator-deno") or shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if not found:
        pytest.skip("bids-validator-deno is not installed: pip install bids-validator-deno")
    return found


def test_the_bids_app_makes_derivatives_that_the_validator_accepts(tmp_path, tiny_model):
    tool = validator()
    root = bids_dataset(tmp_path / "ds", NAMES)
    out = root / "derivatives/coconet_med"
    common = ("--model", tiny_model, "--register", "never", "--luminance", "--uptake", "--quiet")
    assert run_command(root, out, "participant", "--participant_label", "01", *common) == (0, "", "")
    assert not (out / "sub-02").exists()
    assert run_command(root, out, "participant", "--participant-label", "sub-02", "--session-label=a", *common)[0] == 0
    assert run_command(root, out, "group")[0] == 0
    assert "sub-02_ses-a_trc-FDG" in (out / "report.html").read_text(encoding="utf-8")
    description = json.loads((out / "dataset_description.json").read_text(encoding="utf-8"))
    assert description["DatasetType"] == "derivative"
    assert description["DatasetLinks"] == {"raw": "../.."}
    told = subprocess.run([tool, str(out), "--format", "json"], capture_output=True, encoding="utf-8", timeout=120)
    issues = json.loads(told.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert (out / "sub-01/ses-a/pet/sub-01_ses-a_trc-PIB_space-T1w_desc-luminance_pet.nii.gz").is_file()


def test_derivatives_do_not_overwrite_another_dataset(tmp_path):
    root = bids_dataset(tmp_path / "ds", ())
    other = bids_dataset(tmp_path / "other", ())
    with pytest.raises(OptionError, match="is the source dataset"):
        write_dataset(root, root)
    with pytest.raises(OptionError, match="holds another BIDS dataset"):
        write_dataset(other, root)
    with pytest.raises(OptionError, match="lies among the files of a participant; give another folder, such as "):
        write_dataset(root / "sub-01" / "fused", root)
    for shared in (root / "derivatives", root / "code", other / "derivatives"):
        with pytest.raises(OptionError, match=r"give one of its own below it, such as .*coconet_med$"):
            write_dataset(shared, root)
    write_dataset(root / "derivatives" / "coconet_med", root)
    (tmp_path / "bare" / "sub-01" / "pet").mkdir(parents=True)
    with pytest.raises(OptionError, match="holds participants of another dataset; give a folder of its own"):
        write_dataset(tmp_path / "bare", root)


def test_a_dry_run_refuses_the_weights_that_the_run_would_refuse(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    code, out, error = run_command(root, tmp_path / "out", "participant", "--model", "full", "--dry-run")
    assert (code, out) == (2, "")
    assert "error: model 'full': is not released any more" in error


def test_a_dry_run_refuses_the_places_that_the_run_would_refuse(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    for place, reason in ((root, "is the source dataset"), (root / "sub-01", "lies among the files of a participant")):
        code, _, error = run_command(root, place, "participant", "--dry-run")
        assert (code, reason in error) == (2, True), error


def test_derivatives_elsewhere_link_to_their_source_by_its_full_path(tmp_path):
    root = bids_dataset(tmp_path / "a/ds", ())
    write_dataset(tmp_path / "b/out", root)
    links = json.loads((tmp_path / "b/out/dataset_description.json").read_text(encoding="utf-8"))["DatasetLinks"]
    assert links["raw"] == root.as_uri()


@pytest.mark.parametrize(
    ("given", "rewritten"),
    [
        ("ds out group", "batch ds out --analysis-level group"),
        (
            "ds out participant --participant_label 01 sub-02 --jobs 4",
            "batch ds out --analysis-level participant --participant-label 01 --participant-label sub-02 --jobs 4",
        ),
        ("ds out participant --session-label=a", "batch ds out --analysis-level participant --session-label a"),
        ("batch ds group", "batch ds group"),
        ("ds out --participant-label 01 participant", f"{PARTICIPANT} --participant-label 01"),
        ("ds --jobs 2 out participant --quiet", f"{PARTICIPANT} --jobs 2 --quiet"),
        (
            "--participant-label 01 02 ds out participant",
            f"{PARTICIPANT} --participant-label 01 --participant-label 02",
        ),
        ("--window group ds out participant", f"{PARTICIPANT} --window group"),
        ("ds out participant --skip_bids_validator --jobs 3", f"{PARTICIPANT} --skip-bids-validator --jobs 3"),
        ("ds out participant --participant-label group", f"{PARTICIPANT} --participant-label group"),
        ("batch ds out participant --dry_run", f"{PARTICIPANT} --dry-run"),
        ("batch ds --participant_label 01 02 out", "batch ds out --participant-label 01 --participant-label 02"),
        ("batch ds out --derivatives a b", "batch ds out --derivatives a --derivatives b"),
        ("ds out participant --n_cpus 3", f"{PARTICIPANT} --n-cpus 3"),
        ("ds out --n_cpus 3 participant", f"{PARTICIPANT} --n-cpus 3"),
        ("ds out --notrack participant --quiet", f"{PARTICIPANT} --notrack --quiet"),
        ("pacs watch participant", "pacs watch participant"),
        ("fuse T1.nii PET.nii -o out.nii.gz", "fuse T1.nii PET.nii -o out.nii.gz"),
        ("--version", "--version"),
    ],
)
def test_only_the_command_line_of_a_bids_app_is_rewritten(given, rewritten):
    assert as_batch(given.split(), _arity_of_batch) == rewritten.split()


def test_a_folder_where_a_command_should_be_is_answered_with_what_to_type(tmp_path):
    with pytest.raises(OptionError, match=r"coconet-med batch .* OUT, or as a BIDS App .* OUT participant or group"):
        as_batch([str(tmp_path), "out", "session"], _arity_of_batch)
