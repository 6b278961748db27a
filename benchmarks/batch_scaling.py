"""How the cost of a batch grows with its cases, and the memory that one case needs.

    python benchmarks/batch_scaling.py                   # 8, 32 and 128 phantoms
    python benchmarks/batch_scaling.py --memory          # peak of one worker for 512 x 512 x 300

The phantoms are small (a head at 6 mm), so that the fixed cost of a case, which is what could grow, is not hidden
behind the network.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk


def make_study(folder: Path, count: int, spacing: float = 6.0) -> Path:
    """A manifest of ``count`` cases; eight different heads, repeated under other names."""
    from coconet_med.phantom import head_phantom

    rows = []
    for n in range(count):
        paths = [folder / f"{kind}{n % 8}.nii.gz" for kind in ("mri", "pet")]
        if not paths[1].exists():
            head = head_phantom(spacing=spacing, pet_spacing=spacing, seed=n % 8)
            sitk.WriteImage(head.t1, str(paths[0]))
            sitk.WriteImage(head.pet, str(paths[1]))
        rows.append((f"case{n:04d}", *(path.name for path in paths)))
    table = folder / f"study{count}.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "anatomy", "function"))
        writer.writerows(rows)
    return table


def scaling(counts: list[int], jobs: int, model: str) -> None:
    """Print the cost of a first run, which does all cases, and of a second, which keeps them.

    Processor time of all processes is what is compared: unlike wall time it does not depend on what else runs here.
    """
    from coconet_med.batch import BatchOptions, find_cases, run_batch

    options = BatchOptions(register="never", engine="onnx", model=model)
    print("| cases | CPU s | CPU s per case | wall s | second run, CPU s | report MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            cases, out = find_cases(make_study(folder, count)), folder / f"out{count}"
            spent, walls = [], []
            for _ in range(2):
                began, before = time.monotonic(), processor_seconds()
                study = run_batch(cases, out, options, jobs=jobs)
                spent.append(processor_seconds() - before)
                walls.append(time.monotonic() - began)
                assert not study.failures, study.failures[0].error
            size = (out / "report.html").stat().st_size / 1e6
            row = [f"{x:.1f}" for x in (spent[0], spent[0] / count, walls[0], spent[1], size)]
            print(f"| {count} | {' | '.join(row)} |", flush=True)


def processor_seconds() -> float:
    """Of this process and of its workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def memory(size: tuple[int, int, int], model: str) -> None:
    """Print the peak memory of this process after one case of ``size`` voxels (i, j, k)."""
    from coconet_med.batch import BatchOptions, find_cases
    from coconet_med.batch.run import Runner

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(0)
        for kind, grid in (("mri", size), ("pet", (128, 128, 90))):
            axes = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in grid[::-1])]
            inside = sum(a**2 for a in axes) < 0.7
            values = (inside * rng.integers(300, 900, inside.shape)).astype(np.int16)
            image = sitk.GetImageFromArray(values)
            image.SetSpacing([240 / n for n in grid])
            image.SetOrigin([-120 + 120 / n for n in grid])
            sitk.WriteImage(image, str(folder / f"{kind}.nii"))
        (folder / "cases.csv").write_text("id,anatomy,function\nbig,mri.nii,pet.nii\n", encoding="utf-8")
        options = BatchOptions(register="never", engine="onnx", model=model)
        outcome = Runner(folder / "out", options, threads=1).run(find_cases(folder / "cases.csv")[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30)
        print(f"{size}: {outcome.status} {outcome.error} in {outcome.seconds:.0f} s, peak {peak:.2f} GiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--model", default="light")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--size", type=int, nargs=3, default=[512, 512, 300])
    given = parser.parse_args()
    if given.memory:
        memory(tuple(given.size), given.model)
    else:
        scaling(given.cases, given.jobs, given.model)
