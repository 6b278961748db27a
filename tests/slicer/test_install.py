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


COMPLETE = {"coconet-med": "0.1.0", "numpy": "2.4.6", "pydicom": "3.0.2", "nibabel": "5.4", "pillow": "12"}
COMPLETE |= {"onnxruntime": "1.32", "isal": "1.8", "pyjpegls": "1.5", "python-gdcm": "3.2", "rich": "14", "typer": "1"}


class World:
    """Slicer's Python with some packages; pip, the questions and the restart are written down."""

    def __init__(self, there: dict[str, str], agrees: bool = True) -> None:
        self.there, self.agrees = dict(there), agrees
        self.calls, self.asked, self.restarts = [], [], []
        self.brings: dict[str, str] = {}
        self.installer = Installer(
            REQUIREMENTS, pip=self.pip, version=self.there.get, confirm=self.confirm, restart=self.restarts.append
        )

    def confirm(self, text: str) -> bool:
        self.asked.append(text)
        return self.agrees

    def pip(self, own: list[str], others: list[str], options: list[str]) -> None:
        self.calls.append((own, others, options))
        self.there.update(self.brings)


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


def test_nothing_is_asked_or_installed_where_all_is_there():
    world = World(COMPLETE)
    assert world.installer.missing() == []
    assert world.installer.ensure()
    assert (world.calls, world.asked) == ([], [])


def test_coconet_med_comes_without_its_dependencies_and_they_without_simpleitk(tmp_path):
    wheel(tmp_path)
    world = World({})
    assert world.installer.ensure(str(tmp_path))
    assert len(world.calls) == 1  # one call, one dialog
    own, others, _ = world.calls[0]
    assert own == ["coconet-med>=0.1.0"]
    assert not any("simpleitk" in requirement.lower() for requirement in others)
    assert "onnxruntime>=1.20" in others
    assert "200 MB" in world.asked[0]


def test_a_half_finished_installation_is_seen_and_finished(tmp_path):
    """The package is there, one of its dependencies is not, another is too old."""
    world = World({**COMPLETE, "numpy": "1.26.4"})
    del world.there["onnxruntime"]
    assert world.installer.missing() == ["numpy>=2.0", "onnxruntime>=1.20"]
    assert world.installer.ensure()
    assert world.calls == [([], ["numpy>=2.0", "onnxruntime>=1.20"], [])]
    assert "not complete" in world.asked[0]
    assert "numpy, onnxruntime" in world.asked[0]


def test_a_version_that_is_too_old_is_updated(tmp_path):
    wheel(tmp_path)
    world = World({**COMPLETE, "coconet-med": "0.0.9"})
    assert world.installer.ensure(str(tmp_path))
    assert world.calls[0][0] == ["coconet-med>=0.1.0"]


def test_what_the_worker_cannot_import_is_installed_again(tmp_path):
    """All metadata are there, and still the import fails: pip was stopped while it copied."""
    wheel(tmp_path)
    world = World(COMPLETE)
    assert world.installer.ensure(str(tmp_path), repair="")
    assert world.installer.ensure(str(tmp_path), repair="PIL")
    assert world.installer.ensure(str(tmp_path), repair="onnxruntime.capi")
    assert [(own, others) for own, others, _ in world.calls] == [
        (["coconet-med>=0.1.0"], []),
        ([], ["pillow>=11"]),
        ([], ["onnxruntime>=1.20"]),
    ]
    assert all("--force-reinstall" in options for _, _, options in world.calls)


def test_metadata_without_files_is_no_installation(tmp_path, monkeypatch):
    """As pip leaves it behind where it is stopped: no list of files, or a list of files that are not there."""
    from PETMRFusionLib.install import installed_version, satisfied

    monkeypatch.syspath_prepend(str(tmp_path))
    info = tmp_path / "half-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: half\nVersion: 1.0\n", encoding="utf-8")
    assert installed_version("half") is None
    (info / "RECORD").write_text(
        "half/__init__.py,,\nhalf-1.0.dist-info/METADATA,,\nhalf-1.0.dist-info/RECORD,,\n", encoding="utf-8"
    )
    assert installed_version("half") is None
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "__init__.py").write_text("", encoding="utf-8")
    assert installed_version("half") == "1.0"
    assert satisfied("half>=1")
    assert satisfied("half>=1.0.0")
    assert not satisfied("half>=1.1")


def test_a_user_who_declines_gets_nothing(tmp_path):
    wheel(tmp_path)
    world = World({}, agrees=False)
    assert not world.installer.ensure(str(tmp_path))
    assert world.calls == []


def test_nothing_is_asked_of_an_index_that_does_not_have_it():
    """coconet-med is not published yet: its wheel is needed, and the panel says where to put it."""
    with pytest.raises(ValueError, match=r"not on the Python package index yet: choose the folder with its wheel"):
        World({}).installer.ensure()


def test_a_restart_is_asked_for_where_something_loaded_was_replaced():
    world = World({**COMPLETE, "numpy": "1.26.4"})
    world.brings = {"numpy": "2.4.6"}
    assert world.installer.ensure()
    assert world.restarts == [["numpy"]]  # loaded in this process
    world = World({**COMPLETE, "nibabel": "5.0"})
    world.brings = {"nibabel": "5.4"}
    assert "nibabel" not in sys.modules
    assert world.installer.ensure()
    assert world.restarts == []


def test_a_proxy_is_handed_to_pip():
    world = World({**COMPLETE, "numpy": "1.0"})
    assert world.installer.ensure(proxy="http://proxy:3128")
    assert world.calls[0][2] == ["--proxy", "http://proxy:3128"]


def test_slicers_pip_is_called_once_and_its_failure_is_reported_once(monkeypatch):
    import types

    from PETMRFusionLib.install import InstallError, slicer_pip

    calls = []

    def pip_install(requirements, **options):
        calls.append((requirements, options))
        if requirements == ["broken"]:
            raise subprocess.CalledProcessError(1, "pip")  # after a dialog of its own

    monkeypatch.setitem(sys.modules, "slicer.packaging", types.SimpleNamespace(pip_install=pip_install))
    slicer_pip(["coconet-med"], ["numpy>=2.0"], ["--no-index"])
    given = {"no_deps_requirements": ["--no-index", "coconet-med"], "requester": "PET-MR Fusion"}
    assert calls == [(["--no-index", "numpy>=2.0"], given)]
    with pytest.raises(InstallError, match="Python console"):
        slicer_pip([], ["broken"], [])


def test_the_requirements_are_those_of_the_package_without_simpleitk():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    listed = Installer(REQUIREMENTS).dependencies()
    assert sorted(listed, key=str.lower) == sorted(
        (line for line in stated if not line.lower().startswith("simpleitk")), key=str.lower
    )
    assert not any(re.search("torch|monai", line) for line in listed)


def test_a_folder_with_all_wheels_is_used_without_the_internet(tmp_path):
    wheel(tmp_path)
    world = World({})
    assert world.installer.ensure(str(tmp_path))
    assert world.calls[0][2] == ["--find-links", str(tmp_path)]  # the others come from the index
    assert "package index" in world.asked[0]
    for line in world.installer.dependencies():
        name, least = line.split(">=")
        wheel(tmp_path, f"{name.replace('-', '_')}-{least}.0-cp312-cp312-any.whl")
    world = World({})
    assert world.installer.ensure(str(tmp_path))
    assert world.calls[0][2] == ["--no-index", "--find-links", str(tmp_path)]


def test_pip_installs_from_such_a_folder(tmp_path):
    """With the real pip, into a folder of its own."""
    wheels, target = tmp_path / "wheels", tmp_path / "site"
    wheels.mkdir()
    wheel(wheels)
    (tmp_path / "none.txt").write_text("# nothing more\n", encoding="utf-8")

    def pip(own: list[str], others: list[str], options: list[str]) -> None:
        assert not others
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), *options, *own]
        subprocess.run(command, check=True, capture_output=True)

    installer = Installer(tmp_path / "none.txt", pip=pip, version=lambda name: None, confirm=lambda text: True)
    assert installer.ensure(str(wheels))
    assert (target / "coconet_med" / "__init__.py").is_file()
    assert not list(target.glob("SimpleITK*"))


def test_wheels_are_held_to_their_checksums(tmp_path):
    file = wheel(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n", encoding="utf-8"
    )
    assert check_wheels(str(tmp_path)) == tmp_path
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ValueError, match="differs from SHA256SUMS"):
        check_wheels(str(tmp_path))


def test_a_folder_without_the_wheel_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no coconet_med-\*\.whl"):
        check_wheels(str(tmp_path))
    wheel(tmp_path, "coconet_med-0.0.1-py3-none-any.whl")
    with pytest.raises(ValueError, match=r"of version 0\.1\.0 or later"):
        check_wheels(str(tmp_path))


def test_what_is_installed_is_asked_without_importing_it():
    installed_version()
    assert "torch" not in sys.modules
    assert "monai" not in sys.modules


def test_the_checksum_of_a_model_is_that_of_its_file(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"weights")
    assert sha256_of(str(tmp_path / "model.pt")) == hashlib.sha256(b"weights").hexdigest()
    assert sha256_of(str(tmp_path / "none.pt")) == ""
