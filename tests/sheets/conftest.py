"""A result of the generated head."""

from __future__ import annotations

import pytest

import coconet_med
from coconet_med.phantom import head_phantom


@pytest.fixture(scope="session")
def result():
    head = head_phantom(spacing=5.0, pet_spacing=6.0, noise=0.0)
    return coconet_med.fuse(head.t1, head.pet, register="never")
