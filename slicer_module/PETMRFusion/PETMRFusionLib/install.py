"""Getting coconet-med into Slicer's own Python, at the moment when it is needed, and never before.

SimpleITK stays Slicer's own: coconet-med is installed without its dependencies first, then the others are, so that pip
has no reason to replace a library that Slicer has loaded.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import slicer
from slicer.i18n import tr as _

PACKAGE = "coconet-med"

#: The oldest version that the worker of this module works with.
LEAST_VERSION = "0.1.0"

#: Whether coconet-med can be had from the Python package index.  It cannot yet: its wheel is needed.
ON_INDEX = False

#: Modules that are called otherwise than what they are installed by.
PACKAGED = {
    "PIL": "pillow",
    "gdcm": "python-gdcm",
    "_gdcm": "python-gdcm",
    "jpeg_ls": "pyjpegls",
    "_CharLS": "pyjpegls",
}

#: What a folder of wheels may hold beside them: ``sha256  file name`` a line, as sha256sum writes it.
CHECKSUMS = "SHA256SUMS"

#: Called with what is installed without dependencies, what with them, and options of pip.
Pip = Callable[[list[str], list[str], list[str]], object]


class InstallError(RuntimeError):
    """pip failed; it has shown its own words already."""


def installed_version(package: str = PACKAGE) -> str | None:
    """Version of a package in this Python, ``None`` where it is missing or was installed in part only.

    Its metadata and its files are asked, so that nothing is imported.
    """
    importlib.invalidate_caches()
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return None
    files = found.files
    if not found.version or files is None:
        return None  # pip was stopped before it had written down what it had installed
    tops = [file for file in files if file.name == "__init__.py" and len(file.parts) == 2]
    return found.version if all(file.locate().exists() for file in tops) else None


def satisfied(requirement: str, version: Callable[[str], str | None] = installed_version) -> bool:
    """Whether a line such as ``numpy>=2.0`` holds in this Python."""
    name, least = _parts(requirement)
    found = version(name)
    return found is not None and _numbers(found) >= _numbers(least)


def _parts(requirement: str) -> tuple[str, str]:
    name, _, least = requirement.partition(">=")
    return re.split(r"[\[ ;]", name.strip())[0], re.split(r"[,; ]", least.strip())[0]


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()  # 2.0 is no later than 2
    return tuple(numbers)


class Installer:
    """Installs coconet-med from a folder with its wheel; what it needs from there, or from the package index.

    Args:
        requirements: file with the dependencies of coconet-med that Slicer may lack, one a line.
        pip: installs; Slicer's own by default.
        version: says which version of a package is there; :func:`installed_version` by default.
        confirm: asks the user; a dialog by default.
        restart: asks whether to restart, and does; Slicer's own dialog by default.
    """

    def __init__(
        self,
        requirements: Path,
        *,
        pip: Pip | None = None,
        version: Callable[[str], str | None] = installed_version,
        confirm: Callable[[str], bool] | None = None,
        restart: Callable[[list[str]], None] | None = None,
    ) -> None:
        self._requirements, self._version = requirements, version
        self._pip = pip or slicer_pip
        self._confirm = confirm or (lambda text: slicer.util.confirmOkCancelDisplay(text, "PET-MR Fusion"))
        self._restart = restart or ask_for_restart

    def missing(self) -> list[str]:
        """What is not there, or too old, or there in part only; coconet-med first."""
        wanted = [f"{PACKAGE}>={LEAST_VERSION}", *self.dependencies()]
        return [line for line in wanted if not satisfied(line, self._version)]

    def ensure(self, wheels: str = "", *, proxy: str = "", repair: str | None = None) -> bool:
        """Install what is missing; an installation that was begun is finished.

        Args:
            wheels: folder with the wheel of coconet-med, and those of its dependencies for computers without internet.
            proxy: ``http://[user:password@]host:port`` for pip; its own settings by default.
            repair: a module that the worker could not import although all seems to be there, empty for coconet-med
                itself: what brings it is installed again.

        Returns:
            Whether all is there now; False where the user declined.

        Raises:
            ValueError: there is nowhere to install from.
            InstallError: pip failed.
        """
        missing = self.missing() or ([self._brings(repair)] if repair is not None else [])
        if not missing:
            return True
        own = [line for line in missing if _parts(line)[0] == PACKAGE]
        others = [line for line in missing if line not in own]
        options, source = self._source(wheels, own, others)
        if not self._confirm(self._question(missing, source)):
            return False
        loaded = {name: self._version(name) for name in loaded_packages(others)}
        if proxy:
            options += ["--proxy", proxy]
        if repair is not None:
            options.append("--force-reinstall")
        self._pip(own, others, options)
        replaced = [name for name, before in loaded.items() if before and self._version(name) != before]
        if replaced:
            self._restart(replaced)
        return True

    def dependencies(self) -> list[str]:
        """The requirements, without comments."""
        lines = (line.strip() for line in self._requirements.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    def _source(self, wheels: str, own: list[str], others: list[str]) -> tuple[list[str], str]:
        """Options of pip that say from where, and the same in words."""
        index = _("the Python package index")
        if wheels:
            folder = check_wheels(wheels, own=bool(own))
            options = ["--find-links", str(folder)]
            if all(_wheel_of(folder, line) for line in others):
                return ["--no-index", *options], str(folder)
            return options, _("{folder} and {index}").format(folder=folder, index=index)
        if own and not ON_INDEX:
            msg = _(
                "coconet-med is not on the Python package index yet: choose the folder with its wheel "
                "(coconet_med-*.whl) under Advanced, Wheels; or a Python that has it, under Advanced, Python"
            )
            raise ValueError(msg)
        return [], index

    def _brings(self, module: str) -> str:
        """The requirement that brings a module; coconet-med where none is known to."""
        name = PACKAGED.get(module.split(".")[0], module.split(".")[0]).lower().replace("_", "-")
        found = (line for line in self.dependencies() if _parts(line)[0].lower().replace("_", "-") == name)
        return next(found, f"{PACKAGE}>={LEAST_VERSION}")

    def _question(self, missing: list[str], source: str) -> str:
        names = ", ".join(_parts(line)[0] for line in missing)
        if self._version(PACKAGE) is not None or len(missing) <= len(self.dependencies()) // 2:
            text = _(
                "The installation of coconet-med in Slicer's Python is not complete or too old ({names}). Finish it "
                "from {source}?"
            )
        else:
            text = _(
                "PET-MR Fusion needs the Python package coconet-med and its dependencies (about 200 MB on disk). "
                "Install them into Slicer's Python from {source}? They can be removed with "
                "pip_uninstall('coconet-med')."
            )
        return text.format(names=names, source=source)


def loaded_packages(requirements: Sequence[str]) -> list[str]:
    """Those of some packages that Slicer has loaded already."""
    wanted = {_parts(line)[0].lower().replace("_", "-") for line in requirements}
    found = set()
    for module, packages in metadata.packages_distributions().items():
        if module in sys.modules:
            found |= {name for name in packages if name.lower().replace("_", "-") in wanted}
    return sorted(found)


def check_wheels(folder: str, *, own: bool = True) -> Path:
    """Refuse a folder without the wheel of coconet-med, or with wheels that differ from its checksums.

    Args:
        folder: its path.
        own: whether the wheel of coconet-med is needed.

    Raises:
        ValueError: in words for the user.
    """
    path = Path(folder)
    if own and not _wheel_of(path, f"{PACKAGE}>={LEAST_VERSION}"):
        msg = _(
            "{folder}: holds no coconet_med-*.whl of version {version} or later; build it in the checkout of "
            "coconet-med with: pip wheel --no-deps -w FOLDER ."
        )
        raise ValueError(msg.format(folder=folder, version=LEAST_VERSION))
    sums = path / CHECKSUMS
    if not sums.is_file():
        return path
    for line in sums.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        expected, name = line.split(maxsplit=1)
        wheel = path / name.lstrip("*").strip()
        if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != expected.lower():
            msg = _("{file}: is missing or differs from {sums}; copy the folder again")
            raise ValueError(msg.format(file=wheel.name, sums=CHECKSUMS))
    return path


def _wheel_of(folder: Path, requirement: str) -> bool:
    """Whether a folder holds a wheel that is new enough."""
    name, least = _parts(requirement)
    pattern = re.sub(r"[-_.]+", "_", name).lower()
    for file in folder.glob("*.whl"):
        title, version = (*file.name.split("-"), "")[:2]
        if re.sub(r"[-_.]+", "_", title).lower() == pattern and _numbers(version) >= _numbers(least):
            return True
    return False


def sha256_of(file: str) -> str:
    """Hex digest of a file; empty where there is none."""
    path = Path(file)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def slicer_pip(own: list[str], others: list[str], options: list[str]) -> None:
    """Install by Slicer's own pip, in one call where it can: two would show two dialogs.

    Raises:
        InstallError: pip failed.
    """
    try:
        packaging = importlib.import_module("slicer.packaging")
    except ImportError:  # before Slicer 5.11
        packaging = None
    try:
        if packaging is not None:
            given = {"no_deps_requirements": [*options, *own]} if own else {}
            packaging.pip_install([*options, *(others or own)], requester="PET-MR Fusion", **given)
            return
        for more, packages in ((["--no-deps"], own), ([], others)):
            if packages:
                slicer.util.pip_install([*options, *more, *packages])
    except subprocess.CalledProcessError as error:
        msg = _("The installation failed (pip ended with {code}); its words are in the Python console")
        raise InstallError(msg.format(code=error.returncode)) from error


def ask_for_restart(replaced: list[str]) -> None:
    """Packages that Slicer had loaded were replaced: what is in memory is the old one until it starts again."""
    text = _("{names} had been loaded and were replaced: Slicer must be restarted before they are used. Restart now?")
    if slicer.util.confirmYesNoDisplay(text.format(names=", ".join(replaced)), "PET-MR Fusion"):
        slicer.util.restart()
