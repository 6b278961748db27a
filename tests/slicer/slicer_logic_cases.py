"""The logic as a script uses it, for tests: with the real worker, and with a plain average in its place."""

from __future__ import annotations

import pytest

from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.settings import FusionSettings

SETTINGS = FusionSettings(engine="onnx", device="cpu")


@pytest.fixture
def logic(scene, runtime):
    return PETMRFusionLogic(runtime)


@pytest.fixture
def average(scene):
    return PETMRFusionLogic(AverageRuntime())
