"""What is handed in to the model zoo passes the zoo's own checks, and so do the unit tests that go along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
pytest.importorskip("jsonschema", reason='verify_metadata needs jsonschema: pip install ".[monai]"')

from bundle_cases import BUNDLE, ROOT, write_weights

sys.path.insert(0, str(ROOT / "bundles" / "tools"))

from publish import build_zoo
from zoo_check import check

pytestmark = [
    pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning"),
    pytest.mark.filterwarnings("ignore:No hash value provided:UserWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning"),
]

SCHEMA = ROOT.parent / "shared" / "tools" / "meta_schema_20240725.json"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle with weights."""
    copy = tmp_path_factory.mktemp("zoo") / "own" / BUNDLE.name
    shutil.copytree(BUNDLE, copy, ignore=shutil.ignore_patterns("models", "__pycache__", "eval"))
    (copy / "models").mkdir()
    write_weights(copy / "models" / "model.pt")
    (copy / "models" / "model.onnx").write_bytes(b"not looked into")
    return copy


@pytest.fixture(scope="module")
def form(bundle: Path) -> Path:
    """What is handed in."""
    return build_zoo(bundle.parents[1] / "form", "https://example.org/weights", bundle)


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """The schema that the zoo downloads, or where there is no copy of it one that asks for an object."""
    if SCHEMA.is_file():
        return SCHEMA
    (tmp_path / "schema.json").write_text('{"type": "object"}', encoding="utf-8")
    return tmp_path / "schema.json"


def test_the_zoos_own_checks_pass_with_an_app_that_asks_for_all(form: Path, bundle: Path, schema: Path) -> None:
    apps = json.loads((form / "configs" / "metadata.json").read_text(encoding="utf-8"))["supported_apps"]
    assert list(apps) == ["coconet-deploy"]
    before = Path.cwd()
    said = check(form, schema, weights=bundle)
    assert Path.cwd() == before
    assert [line for line in said if "coconet-deploy" in line]
    assert said[-1] == "the weights become TorchScript"


def test_a_property_that_the_bundle_lacks_fails(form: Path, bundle: Path, schema: Path, tmp_path: Path) -> None:
    asked = tmp_path / "bundle_properties.py"
    wanted = {"oracle": {"description": "none", "required": True, "id": "oracle"}}
    asked.write_text(f"MetaProperties = {{}}\nInferProperties = {wanted!r}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"coconet-deploy asks for .*oracle.*, which the inference config lacks"):
        check(form, schema, weights=bundle, properties=asked)


def test_other_weights_than_those_stated_fail(form: Path, bundle: Path, schema: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle / "models", tmp_path / "models")
    (tmp_path / "models" / "model.onnx").write_bytes(b"others")
    with pytest.raises(SystemExit, match=r"model\.onnx: is not the file that large_files\.yml states"):
        check(form, schema, weights=tmp_path)


def _unit_tests(form: Path, bundle: Path, folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Run one file of unit tests from the root of something like the zoo."""
    shutil.copytree(form, folder / "models" / form.name)
    shutil.copytree(bundle / "models", folder / "models" / form.name / "models", dirs_exist_ok=True)
    shutil.copytree(form.parent / "unit_tests", folder / "ci" / "unit_tests")
    own = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "unittest", "discover", "-s", "ci/unit_tests", "-p", name]
    return subprocess.run(
        words, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, encoding="utf-8", timeout=280
    )


def test_the_unit_tests_for_the_zoo_pass(form: Path, bundle: Path, tmp_path: Path) -> None:
    done = _unit_tests(form, bundle, tmp_path, "test_coconet_fusion.py")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Ran 2 tests" in done.stderr


@pytest.mark.slow
def test_the_unit_tests_for_several_processes_pass(form: Path, bundle: Path, tmp_path: Path) -> None:
    done = _unit_tests(form, bundle, tmp_path, "test_coconet_fusion_dist.py")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Ran 1 test" in done.stderr
