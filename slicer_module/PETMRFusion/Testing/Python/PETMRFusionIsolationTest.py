"""In Slicer: the module does its work without loading anything heavy into Slicer's own process."""

from __future__ import annotations

import sys
import unittest


class PETMRFusionIsolationTest(unittest.TestCase):
    """What must not be loaded is not."""

    def test_nothing_heavy_is_loaded(self) -> None:
        before = set(sys.modules)
        from PETMRFusionLib.logic import PETMRFusionLogic
        from PETMRFusionLib.sample import tiny_pair
        from PETMRFusionLib.selftest import AverageRuntime

        self.assertIsNotNone(PETMRFusionLogic(AverageRuntime()).fuse(*tiny_pair()))
        loaded = {name.split(".")[0] for name in set(sys.modules) - before}
        self.assertFalse(loaded & {"torch", "monai", "onnxruntime", "coconet_med"})
