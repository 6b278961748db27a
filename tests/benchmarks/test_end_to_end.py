"""The benchmark of a whole fusion takes its stages where the package has them."""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
STAGES = pytest.importorskip("end_to_end").STAGES


@pytest.mark.parametrize(("module", "name"), [place for places in STAGES.values() for place in places])
def test_a_stage_is_entered_where_the_benchmark_looks(module: str, name: str) -> None:
    assert callable(getattr(pkgutil.resolve_name(module), name))
