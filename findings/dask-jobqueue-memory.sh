#!/usr/bin/env bash
# One would guess: SLURMCluster(cores=4, memory="16GB") gives a worker of four threads with 16 GB; cores=8, processes=3 uses
#   eight cores.
# What happens: dask-jobqueue 0.9.0 splits such a job by itself into 4 worker processes of 3.73 GiB each (its rule for
#   `processes` prefers many), and asks SLURM for 15G, as GB is decimal and G is not. cores=8, processes=3 starts 3 x 2
#   threads: two reserved cores idle. 7GB is rounded up to 7G.
# For an MRI with a PET: a case that needs 5 GB is killed in a job of 16 GB. Say processes=1 and memory in GiB.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'dask-jobqueue==0.9.0' 'distributed==2026.8.0' 'dask==2026.8.0'
env/bin/python -W ignore - <<'PY'
import re
from dask_jobqueue import SLURMCluster

def ask(**options):
    """What the job script asks of SLURM, and of the worker it starts."""
    with SLURMCluster(n_workers=0, interface="lo", scheduler_options={"dashboard_address": None}, **options) as cluster:
        script = cluster.job_script()
    take = lambda pattern, default: (re.findall(pattern, script) or [default])[0]  # noqa: E731
    return {
        "--mem": take(r"--mem=(\S+)", None),
        "cpus": take(r"--cpus-per-task=(\d+)", None),
        "workers": int(take(r"--nworkers (\d+)", "1")),
        "threads": int(take(r"--nthreads (\d+)", "1")),
        "each": take(r"--memory-limit (\S+)", None),
    }

cases = [
    {"cores": 4, "memory": "16GB"},
    {"cores": 4, "memory": "16GiB", "processes": 1},
    {"cores": 8, "memory": "30GB", "processes": 3},
    {"cores": 4, "memory": "7GB", "processes": 2},
]
seen = [ask(**case) for case in cases]
for case, got in zip(cases, seen):
    print(case, "->", got)
assert seen[0] == {"--mem": "15G", "cpus": "4", "workers": 4, "threads": 1, "each": "3.73GiB"}, "the split changed"
assert seen[1]["workers"] == 1 and seen[1]["each"] == "16.00GiB"
assert seen[2]["workers"] * seen[2]["threads"] == 6 and seen[2]["cpus"] == "8", "the rounding of threads changed"
assert seen[3]["--mem"] == "7G"
PY
