"""The same commands by two installations, say of two commits, in turns: how much faster has it become?

    python benchmarks/installations.py OLD/bin/python NEW/bin/python --repeat 3

Each gets ``coconet-med fuse`` of a pair of pictures from a cold start, and of 256 x 256 x 150 voxels from files to
files.
Medians of the second over those of the first, in wall time and in processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from end_to_end import make_files


def pictures(folder: Path) -> tuple[Path, Path]:
    """A generated slice of 256 x 256 as two PNG files."""
    from coconet_med.phantom import slice_pair
    from coconet_med.writers.pictures import write_picture

    paths = folder / "mri.png", folder / "pet.png"
    for picture, path in zip(slice_pair(256), paths, strict=True):
        write_picture(np.repeat(picture[..., None], 3, axis=-1), path)
    return paths


def once(python: str, pair: tuple[Path, Path], out: Path, engine: str) -> tuple[float, float]:
    """Wall and processor seconds of one command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [
        python,
        "-m",
        "coconet_med",
        "fuse",
        *map(str, pair),
        "-o",
        str(out),
        "--overwrite",
        "--quiet",
        "--engine",
        engine,
    ]
    # Without PYTHONPATH, which would give both the code of this checkout.
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, capture_output=True, cwd=out.parent, env=clean)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", help="Python of the first installation")
    parser.add_argument("new", help="Python of the second one")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print("| fused | first, s | second, s | wall time, ratio | processor time, ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = {
            "two pictures": (pictures(folder), "fused.png"),
            "256 x 256 x 150": (make_files(folder, "small"), "fused.nii.gz"),
        }
        for case, (pair, out) in cases.items():
            turns = [
                [once(p, pair, folder / out, given.engine) for p in (given.old, given.new)]
                for _ in range(1 + given.repeat)
            ][1:]
            (old, old_cpu), (new, new_cpu) = ([median(turn[n][k] for turn in turns) for k in (0, 1)] for n in (0, 1))
            print(f"| {case} | {old:.2f} | {new:.2f} | {new / old:.2f} | {new_cpu / old_cpu:.2f} |", flush=True)


if __name__ == "__main__":
    main()
