"""The light install works alone: no module of it needs a library that only the developers or the extras have."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import coconet_med

REPOSITORY = Path(__file__).parents[1]


#: Not in the light install: references of the tests, and what the extras add.
ABSENT = (
    "scipy",
    "highdicom",
    "torch",
    "monai",
    "matplotlib",
    "skimage",
    "sklearn",
    "onnx",
    "openvino",
    "dask",
    "ipyniivue",
)


#: Packages that need torch or MONAI, and say so.
HEAVY = ("network", "training", "transforms", "bundle", "engines.torch")


BLOCK = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"{{name}} is not in the light install", name=name)

sys.meta_path.insert(0, Absent())
"""


def _alone(code: str, *, folder: Path) -> str:
    """What the code prints in a Python without the absent libraries."""
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _light_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(coconet_med.__path__, "coconet_med.", onerror=print)]
    heavy = tuple(f"coconet_med.{package}" for package in HEAVY)
    light = [name for name in names if not any(name == package or name.startswith(f"{package}.") for package in heavy)]
    return [name for name in light if not name.endswith("__main__")]


def test_every_module_imports(tmp_path: Path) -> None:
    modules = _light_modules()
    assert {"coconet_med.fusion", "coconet_med.quality.vif", "coconet_med.phantom.folds"} <= set(modules)
    code = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)\nprint('all')"
    assert _alone(code, folder=tmp_path).strip() == "all"


def test_absent_libraries_are_really_absent(tmp_path: Path) -> None:
    code = "try: import scipy.ndimage\nexcept ImportError as error: print(error)\n"
    assert "not in the light install" in _alone(code, folder=tmp_path)


def test_a_phantom_slice_is_fused_measured_and_read_back(tmp_path: Path) -> None:
    code = """
import math
import numpy as np
import SimpleITK as sitk
import coconet_med
from coconet_med.color import decode
from coconet_med.phantom import slice_pair
from coconet_med.quality import evaluate_pair

mri, pet = slice_pair(128)
result = coconet_med.fuse(mri, pet, engine="onnx")
values = evaluate_pair(mri, pet, 255 * sitk.GetArrayFromImage(result.luminance), measures="all")
assert all(math.isfinite(value) for name, value in values.items() if name != "hue_deg"), values
shaken = sitk.GetArrayFromImage(result.color).astype(int) + np.random.default_rng(0).integers(-1, 2, (128, 128, 3))
uptake = decode(np.clip(shaken, 0, 255).astype(np.uint8))
print(np.corrcoef(uptake.ravel(), pet.ravel())[0, 1])
"""
    assert float(_alone(code, folder=tmp_path)) > 0.9


def test_the_demo_runs(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom coconet_med.commands.run_demo import run_demo\n"
        "print(*(path.name for path in run_demo(Path('demo'), spacing=4.0, engine='onnx')))"
    )
    assert "picture.png" in _alone(code, folder=tmp_path)


def test_nothing_asks_pip_for_the_bare_name_which_is_not_published() -> None:
    bare = re.compile(r"""pip install[^\n]*["' ]coconet-med(\[|["'\s])""")
    for folder in ("coconet_med", "bundles", "docs", "slicer_module", "benchmarks", "tests"):
        for path in (p for kind in ("py", "md", "json", "txt") for p in (REPOSITORY / folder).rglob(f"*.{kind}")):
            found = bare.search(path.read_text(encoding="utf-8"))
            assert not found or path == Path(__file__), f"{path}: {found[0]}"


def test_no_dependency_is_one_of_the_absent() -> None:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        needed = tomllib.load(file)["project"]["dependencies"]
    names = {re.match(r"[\w-]+", entry)[0].lower() for entry in needed}
    assert names.isdisjoint({*ABSENT, "scikit-image", "scikit-learn"})
    assert "pyjpegls" in names  # pydicom's decoder of JPEG-LS, which nothing imports by name
