"""The self-test that runs in Slicer holds here too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_self_test_of_the_module_passes(scene):
    import PETMRFusion

    PETMRFusion.PETMRFusionTest("runTest").runTest()


def test_the_module_loads_nothing_heavy_into_its_process():
    """In a process of its own, with the test that Slicer's dashboards run."""
    isolation = HERE.parents[1] / "slicer_module" / "PETMRFusion" / "Testing" / "Python"
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import conftest; sys.path.insert(0, {str(isolation)!r});"
        "import slicer_app; slicer_app.fresh_scene(); import PETMRFusion, unittest;"
        "from PETMRFusionIsolationTest import PETMRFusionIsolationTest as T;"
        "r = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T));"
        "heavy = {'torch', 'monai', 'onnxruntime', 'coconet_med', 'SimpleITK', 'scipy'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else not r.wasSuccessful())"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False, env=clean)
    assert done.returncode == 0, done.stderr
