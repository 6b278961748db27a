"""The command line of a BIDS App is rewritten, and no other."""

from __future__ import annotations

import pytest
import typer

from coconet_med.commands.bids_app import COMMANDS, as_batch
from coconet_med.commands.main import _arity_of_batch, app
from coconet_med.errors import OptionError

PARTICIPANT = "batch ds out --analysis-level participant"


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
        ("measure fused.nii.gz --labels group", "measure fused.nii.gz --labels group"),
        ("fuse T1.nii PET.nii -o out.nii.gz", "fuse T1.nii PET.nii -o out.nii.gz"),
        ("--version", "--version"),
    ],
)
def test_only_the_command_line_of_a_bids_app_is_rewritten(given, rewritten):
    assert as_batch(given.split(), _arity_of_batch) == rewritten.split()


def test_every_command_is_one_though_a_folder_has_its_name(tmp_path, monkeypatch):
    """``coconet-med view fused.nii.gz`` was refused where a folder ``view`` lies."""
    names = typer.main.get_command(app).commands
    assert set(COMMANDS) == set(names)
    monkeypatch.chdir(tmp_path)
    for name in names:
        (tmp_path / name).mkdir()
        assert as_batch([name, "fused.nii.gz"], _arity_of_batch) == [name, "fused.nii.gz"]


def test_a_folder_where_a_command_should_be_is_answered_with_what_to_type(tmp_path):
    with pytest.raises(OptionError, match=r"coconet-med batch .* OUT, or as a BIDS App .* OUT participant or group"):
        as_batch([str(tmp_path), "out", "session"], _arity_of_batch)
