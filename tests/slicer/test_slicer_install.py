"""Installing happens when it is needed, keeps Slicer's own SimpleITK, and works without internet."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from PETMRFusionLib.install import Installer, check_wheels, installed_version, sha256_of
from PETMRFusionLib.logic import REQUIREMENTS

ROOT = Path(__file__).parents[2]


def make(version=None, agrees=True):
    calls, asked = [], []

    def confirm(text: str) -> bool:
        asked.append(text)
        return agrees

    return Installer(REQUIREMENTS, pip=calls.append, version=lambda: version, confirm=confirm), calls, asked


def wheel(folder: Path, name: str = "coconet_med-0.1.0-py3-none-any.whl") -> Path:
    """A wheel with one module and its metadata; enough for pip."""
    package, version = name.split("-")[:2]
    with zipfile.ZipFile(folder / name, "w") as file:
        file.writestr(f"{package}/__init__.py", f"__version__ = '{version}'\n")
        info = f"{package}-{version}.dist-info"
        title = package.replace("_", "-")
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {title}\nVersion: {version}\nRequires-Dist: SimpleITK\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return folder / name


def test_nothing_is_asked_or_installed_where_it_is_there():
    installer, calls, asked = make("0.1.0")
    assert installer.ensure()
    assert (calls, asked) == ([], [])


def test_coconet_med_comes_without_its_dependencies_and_they_without_simpleitk():
    installer, calls, _ = make()
    assert installer.ensure()
    assert calls[0] == ["--no-deps", "coconet-med"]
    assert not any("simpleitk" in requirement.lower() for requirement in calls[1])
    assert "onnxruntime>=1.20" in calls[1]


def test_a_user_who_declines_gets_nothing():
    installer, calls, asked = make(agrees=False)
    assert not installer.ensure()
    assert calls == []
    assert "200 MB" in asked[0]


def test_the_requirements_are_those_of_the_package_without_simpleitk():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = Installer(REQUIREMENTS, pip=lambda a: None).dependencies()
    assert sorted(listed, key=str.lower) == sorted(
        (line for line in stated if not line.lower().startswith("simpleitk")), key=str.lower
    )
    assert not any(re.search("torch|monai", line) for line in listed)


def test_a_folder_of_wheels_is_used_without_the_internet(tmp_path):
    wheel(tmp_path)
    installer, calls, _ = make()
    assert installer.ensure(str(tmp_path))
    for call in calls:
        assert call[:3] == ["--no-index", "--find-links", str(tmp_path)]


def test_pip_installs_from_such_a_folder(tmp_path):
    """With the real pip, into a folder of its own."""
    wheels, target = tmp_path / "wheels", tmp_path / "site"
    wheels.mkdir()
    wheel(wheels)
    (tmp_path / "none.txt").write_text("# nothing more\n")

    def pip(arguments: list[str]) -> None:
        if arguments[-1] == "coconet-med":
            command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target), *arguments]
            subprocess.run(command, check=True, capture_output=True)

    installer = Installer(tmp_path / "none.txt", pip=pip, version=lambda: None, confirm=lambda text: True)
    assert installer.ensure(str(wheels))
    assert (target / "coconet_med" / "__init__.py").is_file()
    assert not list(target.glob("SimpleITK*"))


def test_wheels_are_held_to_their_checksums(tmp_path):
    file = wheel(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")
    assert check_wheels(str(tmp_path)) == tmp_path
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ValueError, match="differs from SHA256SUMS"):
        check_wheels(str(tmp_path))


def test_a_folder_without_the_wheel_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no coconet_med-\*\.whl"):
        check_wheels(str(tmp_path))


def test_what_is_installed_is_asked_without_importing_it():
    installed_version()
    assert "torch" not in sys.modules
    assert "monai" not in sys.modules


def test_the_checksum_of_a_model_is_that_of_its_file(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"weights")
    assert sha256_of(str(tmp_path / "model.pt")) == hashlib.sha256(b"weights").hexdigest()
    assert sha256_of(str(tmp_path / "none.pt")) == ""
