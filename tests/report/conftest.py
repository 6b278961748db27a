"""A result of the generated head, and its report."""

from __future__ import annotations

import pytest
from report_cases import MODEL

import coconet_med
from coconet_med.phantom import head_phantom


@pytest.fixture(scope="session")
def result():
    head = head_phantom(spacing=6.0, pet_spacing=6.0)
    return coconet_med.fuse(head.t1, head.pet, register="never", model=MODEL)


@pytest.fixture(scope="session")
def page(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert result.report(path) == path
    return path.read_text(encoding="utf-8")
