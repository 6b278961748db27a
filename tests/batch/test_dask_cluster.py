from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from batch_phantom import manifest, run_command, save_pair

pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed: pip install '.[cluster]'")

from coconet_med.batch import BatchOptions, find_cases
from coconet_med.batch.all_cases import run_batch
from coconet_med.batch.dask_cluster import run_cluster, slurm_script
from coconet_med.errors import OptionError

# Dask closes sockets and loops of killed workers late.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return manifest(tmp_path_factory.mktemp("study"), 4)


def test_a_slurm_job_is_one_worker_with_one_case_at_a_time():
    script = slurm_script(
        {"queue": "gpu", "account": "lab7", "cores": "4", "memory": "12GB", "walltime": "01:00:00", "interface": "lo"}
        | {"extra": "--gres=gpu:1 --mail-type=FAIL", "prologue": "module load python"}
    )
    lines = script.splitlines()
    for line in (
        "-p gpu",
        "-A lab7",
        "--cpus-per-task=4",
        "--mem=12G",
        "-t 01:00:00",
        "--gres=gpu:1",
        "--mail-type=FAIL",
    ):
        assert f"#SBATCH {line}" in lines
    assert "module load python" in lines
    assert "export OMP_NUM_THREADS=4" in lines
    assert "--nthreads 1 " in script


@pytest.mark.parametrize(
    ("cluster", "options", "message"),
    [
        ("pbs", {}, "choose local, slurm, or an address"),
        ("slurm", {"cores": "many"}, "give a whole number"),
        ("slurm", {"quue": "gpu"}, "known are queue, account"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(tmp_path, study, cluster, options, message):
    with pytest.raises(OptionError, match=message):
        list(run_cluster(find_cases(study), BatchOptions(), tmp_path, cluster, options_of_jobs=options))


def test_dask_workers_on_this_machine_do_all_cases_and_a_killed_one_loses_none(tmp_path, study, tiny_model):
    options = BatchOptions(register="never", model=str(tiny_model))
    stream = run_cluster(find_cases(study), options, tmp_path / "out", "local", jobs=2)
    outcomes = [next(stream)]
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())]
    listed = subprocess.run(command, capture_output=True, encoding="utf-8")
    for line in listed.stdout.splitlines():
        if "spawn_main" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    outcomes += stream
    assert sorted(o.id for o in outcomes) == ["p0", "p1", "p2", "p3"]
    assert {o.status for o in outcomes} <= {"done", "kept"}, "kept: its worker died between record and answer"


def test_a_case_that_hangs_is_ended_on_a_cluster_too(tmp_path, tiny_model, hanging):
    save_pair(tmp_path / "in", "slow", 0)
    cases = find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")
    options = BatchOptions(register="never", model=str(tiny_model))
    study = run_batch(cases, tmp_path / "out", options, cluster="local", timeout=2)
    assert [(outcome.id, outcome.status) for outcome in study.outcomes] == [("slow", "timeout")]
    assert "took longer than 2 s and was ended" in study.failures[0].error
    assert "slow,timeout" in (tmp_path / "out/summary.csv").read_text(encoding="utf-8")


SBATCH = """#!/bin/sh
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" > "{folder}/job.log" 2>&1 &
echo "Submitted batch job $!"
"""


@pytest.fixture
def fake_slurm(tmp_path, monkeypatch):
    """``sbatch`` that runs the job at once on this machine, and ``scancel`` that ends it."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH.format(folder=folder)), ("scancel", '#!/bin/sh\nkill -- "-$1"\n')):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "config"))
    return folder


def test_the_job_that_slurm_would_run_fuses_the_cases(tmp_path, study, tiny_model, fake_slurm):
    code, _, err = run_command(
        "batch", study, tmp_path / "out", "--model", tiny_model, "--register", "never", "--cluster", "slurm",
        "--cluster-option", "interface=lo", "--cluster-option", "cores=1", "--cluster-option", "memory=2GB",
    )  # fmt: skip
    assert code == 0, f"{err}\n{(fake_slurm / 'job.log').read_text(encoding='utf-8')}"
    assert "4 done" in err
    assert (tmp_path / "out/report.html").is_file()
    assert "#SBATCH --cpus-per-task=1" in (fake_slurm / "job.sh").read_text(encoding="utf-8")


def test_a_dry_run_lists_the_cases_and_the_job_and_does_nothing(tmp_path, study):
    code, said, _ = run_command(
        "batch", study, tmp_path / "out", "--dry-run", "--cluster", "slurm", "--jobs", "20",
        "--cluster-option", "queue=short", "--cluster-option", "interface=lo",
    )  # fmt: skip
    assert code == 0
    assert said.startswith("p0: ")
    assert "20 times:" in said
    assert "#SBATCH -p short" in said
    assert not Path(tmp_path / "out").exists()
