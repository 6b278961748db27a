"""The self-test that runs in Slicer holds here too."""

from __future__ import annotations


def test_the_self_test_of_the_module_passes(scene):
    import PETMRFusion

    PETMRFusion.PETMRFusionTest("runTest").runTest()
