"""Getting coconet-med into Slicer's own Python, at the moment when it is needed, and never before.

SimpleITK stays Slicer's own: coconet-med is installed without its dependencies first, then the others are, so that pip
has no reason to replace a library that Slicer has loaded.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import slicer

PACKAGE = "coconet-med"

#: What a folder of wheels may hold beside them: ``sha256  file name`` a line, as sha256sum writes it.
CHECKSUMS = "SHA256SUMS"


def installed_version() -> str | None:
    """Version of coconet-med in this Python; asked of its metadata, so that nothing is imported."""
    importlib.invalidate_caches()
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return None


class Installer:
    """Installs coconet-med, from the package index or from a folder of wheels.

    Args:
        requirements: file with the dependencies of coconet-med that Slicer may lack, one a line.
        pip: called with the arguments of ``pip install``; Slicer's own by default.
        version: says which version is there; :func:`installed_version` by default.
        confirm: asks the user; a dialog by default.
    """

    def __init__(
        self,
        requirements: Path,
        *,
        pip: Callable[[list[str]], object] | None = None,
        version: Callable[[], str | None] = installed_version,
        confirm: Callable[[str], bool] | None = None,
    ) -> None:
        self._requirements, self._version = requirements, version
        self._pip = pip or _slicer_pip
        self._confirm = confirm or (lambda text: slicer.util.confirmOkCancelDisplay(text, "PET-MR Fusion"))

    def ensure(self, wheels: str = "") -> bool:
        """Install what is missing.

        Args:
            wheels: folder with the wheels of coconet-med and its dependencies, for computers without internet.

        Returns:
            Whether coconet-med is there now; False where the user declined.

        Raises:
            ValueError: the folder is not usable.
            subprocess.CalledProcessError: pip failed.
        """
        if self._version() is not None:
            return True
        source = check_wheels(wheels) if wheels else "the Python package index"
        if not self._confirm(
            f"PET-MR Fusion needs the Python package {PACKAGE} and its dependencies (about 200 MB on disk). Install "
            f"them into Slicer's Python from {source}? They can be removed with pip_uninstall('{PACKAGE}')."
        ):
            return False
        offline = ["--no-index", "--find-links", str(source)] if wheels else []
        self._pip([*offline, "--no-deps", PACKAGE])
        self._pip([*offline, *self.dependencies()])
        return True

    def dependencies(self) -> list[str]:
        """The requirements, without comments."""
        lines = (line.strip() for line in self._requirements.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def check_wheels(folder: str) -> Path:
    """Refuse a folder without the wheel of coconet-med, or with wheels that differ from its checksums.

    Raises:
        ValueError: in words for the user.
    """
    path = Path(folder)
    if not list(path.glob("coconet_med-*.whl")):
        msg = f"{folder}: holds no coconet_med-*.whl; fill it with: pip download coconet-med -d FOLDER"
        raise ValueError(msg)
    sums = path / CHECKSUMS
    if not sums.is_file():
        return path
    for line in sums.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        expected, name = line.split(maxsplit=1)
        wheel = path / name.lstrip("*").strip()
        if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != expected.lower():
            msg = f"{wheel.name}: is missing or differs from {CHECKSUMS}; copy the folder again"
            raise ValueError(msg)
    return path


def sha256_of(file: str) -> str:
    """Hex digest of a file; empty where there is none."""
    path = Path(file)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _slicer_pip(arguments: list[str]) -> None:
    packaging = getattr(slicer, "packaging", None)
    install = packaging.pip_install if packaging is not None else slicer.util.pip_install
    install(arguments)
