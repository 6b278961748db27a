"""How time and memory grow with the number of slices, with their size, and with the number of cases.

Files to files with ``register="never"`` and the network loaded; each volume in a process of its own.  The more cases
follow each other in one process, as in a batch.  ``benchmarks/batch_scaling.py`` tells what thousands of cases cost.

    python benchmarks/growth.py --json growth.json --plot growth.png
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from end_to_end import as_scanned
from timing import peak_memory, report

SLICES = (25, 50, 100, 200)
SIDES = (128, 256, 384, 512)
CASES = (2, 4, 8)

#: What stays fixed while another number grows.
SIDE, COUNT, CASE = 256, 40, (128, 128, 30)


def one(folder: Path, cases: int) -> dict[str, float]:
    """Seconds and peak memory of fusing the pair in ``folder`` so many times, after a warm-up."""
    import coconet_med

    model = coconet_med.load_model("light")

    def fuse(number: int) -> None:
        result = coconet_med.fuse(folder / "a.nii.gz", folder / "f.nii.gz", register="never", model=model)
        result.save(folder / f"{number}.nii.gz", overwrite=True)

    fuse(0)
    began = time.perf_counter()
    for number in range(cases):
        fuse(number)
    seconds = time.perf_counter() - began
    return {"s": seconds, "peak GiB": peak_memory()}


def measured(head: Any, size: tuple[int, int, int], cases: int = 1) -> tuple[float, float]:
    """Seconds and peak GiB for volumes of this size, in a process of its own."""
    from coconet_med.writers.volumes import write_volume

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_volume(as_scanned(head.t1, size), folder / "a.nii.gz")
        write_volume(head.pet, folder / "f.nii.gz")
        command = [sys.executable, __file__, "--one", str(folder), str(cases)]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
    return done["s"], done["peak GiB"]


def draw(rows: list[tuple[Any, ...]], path: Path) -> None:
    """Time and memory against each number, both from zero."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(9, 5), sharex="col", layout="constrained")
    for column, what in enumerate(("slices", "megapixels per slice", "cases")):
        points = [(row[1], row[2], row[3]) for row in rows if row[0] == what]
        for row, (label, color) in enumerate((("seconds", "#0b5fa5"), ("peak memory, GiB", "#b5482a"))):
            axis = axes[row, column]
            axis.plot([p[0] for p in points], [p[1 + row] for p in points], "o-", color=color)
            axis.set_xlim(left=0)
            axis.set_ylim(bottom=0, top=1.15 * max(p[1 + row] for p in points))
            axis.grid(alpha=0.3)
            if column == 0:
                axis.set_ylabel(label)
        axes[1, column].set_xlabel(what)
    figure.savefig(path, dpi=110)


def main(given: argparse.Namespace) -> None:
    from coconet_med.phantom import head_phantom

    head = head_phantom(spacing=4.0, pet_spacing=4.0)
    rows = [("slices", count, *measured(head, (SIDE, SIDE, count))) for count in SLICES]
    rows += [("megapixels per slice", side**2 / 1e6, *measured(head, (side, side, COUNT))) for side in SIDES]
    rows += [("cases", cases, *measured(head, CASE, cases)) for cases in CASES]
    report(("grows", "to", "s", "peak GiB"), rows, given.json, side=SIDE, slices=COUNT, case=CASE)
    if given.plot:
        draw(rows, given.plot)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(Path(sys.argv[2]), int(sys.argv[3]))))
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    main(parser.parse_args())
