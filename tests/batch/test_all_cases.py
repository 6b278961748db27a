"""A batch as Python callers have it."""

from __future__ import annotations

import pytest
from batch_phantom import manifest

from coconet_med.batch import BatchOptions, find_cases, run_batch


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Five pairs."""
    return manifest(tmp_path_factory.mktemp("study"), 5)


def test_python_callers_get_the_study(tmp_path, study, tiny_model):
    seen = []
    done = run_batch(
        find_cases(study)[:2],
        tmp_path / "out",
        BatchOptions(register="never", model=str(tiny_model)),
        follow=lambda outcome: seen.append(outcome.id),
    )
    assert done.failures == []
    assert sorted(seen) == ["p0", "p1"]
    assert [path.name for path in done.files] == ["summary.csv", "report.html"]
