"""Many cases: find them, run each of them in isolation, resume, and say what became of them.

``sources`` finds the cases, ``run`` does one of them, ``pool`` (or :mod:`coconet_med.batch.dask_cluster`) does many at
once, ``summary`` and :mod:`coconet_med.report` tell how it went.
"""

from __future__ import annotations

from coconet_med.batch.all_cases import run_batch
from coconet_med.batch.case import BatchOptions, Case, Outcome
from coconet_med.batch.sources import find_cases

__all__ = ["BatchOptions", "Case", "Outcome", "find_cases", "run_batch"]
