"""What the benchmarks of speed share: runs in turn, medians, a table, and JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


def in_turn(
    runs: Mapping[str, Callable[[], Any]], *, repeat: int, calls: Mapping[str, int] | None = None
) -> dict[str, float]:
    """Median seconds of one call of each run; the runs take turns, so that a slow minute of the machine meets them all.

    Args:
        runs: what to call, by name.
        repeat: number of turns.
        calls: how often in a turn, once unless given; before these, one call in each turn is not counted: threads of
            the run before may still spin, and caches hold its data.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            count = (calls or {}).get(name, 1)
            run()
            began = time.perf_counter()
            for _ in range(count):
                run()
            seconds[name].append((time.perf_counter() - began) / count)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory() -> float:
    """Largest memory of this process so far, in GiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # unlike getrusage, not that of the process which started this one
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)


def machine() -> dict[str, Any]:
    """What the figures depend on; no name of the machine."""
    known = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.is_file() else ""
    model = next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return {
        "processor": model or platform.processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "features": [flag for flag in known if flag in flags],
        "python": platform.python_version(),
    }


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a Markdown table, numbers to three digits."""
    cells = [list(columns), ["---"] * len(columns)]
    cells += [[f"{value:.3g}" if isinstance(value, float) else str(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def report(columns: Sequence[str], rows: Sequence[Sequence[Any]], path: Path | None, **facts: Any) -> None:
    """Print the table, and write JSON where a path is given."""
    print(table(columns, rows), flush=True)
    if path:
        document = {"machine": machine(), **facts, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
