"""Which Python does the work, and with what environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import slicer
from slicer.i18n import tr as _

from PETMRFusionLib.process import WorkerProcess

WORKER = Path(__file__).resolve().parents[1] / "Scripts" / "fuse_worker.py"


class Task(Protocol):
    """A job under way; :class:`~PETMRFusionLib.process.WorkerProcess` is one."""

    code: int | None
    log: list[str]

    def poll(self) -> bool: ...
    def send(self, message: dict[str, Any]) -> None: ...
    def cancel(self) -> None: ...
    def kill(self) -> None: ...


class Runtime(Protocol):
    """Something that does the job described in a folder; tests and the self-test bring their own."""

    def start(self, folder: Path, on_event: Callable[[dict[str, Any]], None]) -> Task: ...


@dataclass(frozen=True)
class PythonRuntime:
    """A Python that has, or will have, coconet-med.

    Attributes:
        python: path of the interpreter.
        environment: of the process.
        own: whether it is Slicer's own Python, into which the module may install.
    """

    python: str
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    own: bool = True

    def start(self, folder: Path, on_event: Callable[[dict[str, Any]], None]) -> WorkerProcess:
        """Start the worker on the job in ``folder``."""
        command = [self.python, str(WORKER), str(folder)]
        return WorkerProcess(command, folder, environment=self.environment, on_event=on_event)


def find_runtime(chosen: str = "") -> PythonRuntime:
    """The Python that the user chose, else Slicer's own.

    A chosen one gets the environment that Slicer was started with: Slicer's own paths would break it.

    Raises:
        ValueError: the chosen one is not there.
    """
    if chosen:
        if not Path(chosen).is_file():
            msg = _("{path}: there is no such program; give the path of a Python that has coconet-med")
            raise ValueError(msg.format(path=chosen))
        environment = dict(slicer.util.startupEnvironment())
        for name in ("PYTHONHOME", "PYTHONPATH"):
            environment.pop(name, None)
        return PythonRuntime(chosen, environment, own=False)
    return PythonRuntime(own_python())


def own_python() -> str:
    """Slicer's own Python, by its place in the application: another Slicer may come first in PATH."""
    name = "PythonSlicer.exe" if os.name == "nt" else "PythonSlicer"
    home = getattr(slicer.app, "slicerHome", "")
    beside = [Path(home) / "bin" / name] if home else []
    return next((str(file) for file in beside if file.is_file()), sys.executable)
