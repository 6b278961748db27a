"""The T1 of the head by formula."""

from __future__ import annotations

import pytest
import SimpleITK as sitk
from formula_head import t1


@pytest.fixture(scope="session")
def anatomy() -> sitk.Image:
    return t1()
